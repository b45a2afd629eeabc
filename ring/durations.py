"""Name the durations of the ring, in one place, in seconds.

These durations are the same in every network. The settings of operators, and durations computed from settings, are in
settings.py: the evidence of death above all. A pause before a message is repeated only has to be longer than a round
trip between two nodes, so such a pause does not depend on the time after which silence counts as death.
"""

from __future__ import annotations

from typing import Final

# Links ----------------------------------------------------------------------------------------------------------------

LINK_TICK_S: Final = 0.25
"""How often the timers of links run."""

ADMIN_CLIENT_IDLE_S: Final = 30.0
"""An admin client is closed after this time without a question, or without an answer."""

REFUSAL_KEEP_S: Final = 120.0
"""How long a refusal is remembered. A node that is still there has tried again long before."""

LINK_LOG_EVERY_S: Final = 10.0
"""A peer that fails again and again gets one log line in this time."""

REFUSED_LOG_EVERY_S: Final = 60.0
"""Connections refused at accept get one log line in this time."""

EXHAUSTED_LOG_EVERY_S: Final = 3600.0
"""A lack of descriptors is logged once in this time."""

ACCEPT_PAUSE_S: Final = 0.5
"""Without a descriptor left, the port accepts nothing for this time. Further tries would keep the process busy."""

HANDSHAKE_S: Final = 60.0
"""A TLS handshake that takes longer is given up."""

SHUTDOWN_S: Final = 30.0
"""A peer that does not answer the end of TLS for this time is cut off."""

LOG_LIMIT_S: Final = 60.0
"""Lines of the log that strangers cause are counted over this time (log_limit.py)."""

# Directories ----------------------------------------------------------------------------------------------------------

ANNOUNCE_RETRY_S: Final = 0.25
"""First pause before an unanswered request is sent again. The pause doubles up to the interval of announcements."""

COOKIE_S: Final = 60.0
"""How long a directory knows its own cookie: with the cookie, an asker proves its own address."""

LEASE_S: Final = 10.0
"""A directory forgets a node that is silent for this time, if the setting says nothing else."""

ANSWER_LOOK_S: Final = 0.1
"""A command that asks a directory looks at its clock this often while no answer comes."""

DIRECTORY_WAKE_S: Final = 0.005
"""The client of directories sleeps at least this long, so that a timer that is due keeps no core busy."""

DIRECTORY_LOOK_S: Final = 0.5
"""A change of a node's own record is announced within this time."""

DEPART_WAIT_S: Final = 1.0
"""How long a stopping node waits until the directories have noted the departure."""

UNHEARD_NODE_S: Final = 600.0
"""How long a node stays of which the reachable directories never heard, while other directories are unreachable."""

LIST_RETRY_S: Final = 0.3
"""First pause before the public's question is asked again."""

DROPS_LOG_EVERY_S: Final = 60.0
"""Datagrams that a directory does not believe get one log line in this time."""

# Start of a node ------------------------------------------------------------------------------------------------------

START_FIND_S: Final = 3.0
"""How long the directories may take to answer before the node goes on without answers, or says that the node waits."""

START_SETTLE_S: Final = 0.5
"""Pause in MEET: nodes that start together should know each other before serving."""

START_LINK_S: Final = 2.0
"""How long a node refused at a link waits for a link to any other node before the node gives up."""

START_FOLLOW_S: Final = 10.0
"""How long a node waits for the network's own group before it serves all the same."""

START_LOOK_S: Final = 1.0
"""How often a node that waits for a directory looks again."""

START_REFUSED_S: Final = 5.0
"""How often a refused node looks again: each time costs the peers a TLS handshake or two."""

START_SAY_S: Final = 60.0
"""How often a waiting node says so."""

# The evidence of death ------------------------------------------------------------------------------------------------

PING_ROUND_S: Final = 0.6
"""How long other peers may take to say whether they hear a suspect."""

PING_REPEAT_S: Final = 0.2
"""Pause between two requests to the same peer in a round. A peer without a reply at the end of the round counts as a
peer that hears nothing."""

WITNESS_AGAIN_S: Final = 1.0
"""How often the witness is asked whether the witness still hears the node."""

# Replication ----------------------------------------------------------------------------------------------------------

TICK_S: Final = 0.1
"""How often the timers of a node run while something is under way."""

REST_S: Final = 1.0
"""How often the timers run while nothing is under way. A short `dead_after_s` makes this shorter: a node has to notice
that it was stopped (P20)."""

LOOK_AFTER_S: Final = 1.0
"""A group is looked at so long after a change, and so often while something waits."""

DOUBT_ENDS_S: Final = 10.0
"""A group goes on to believe for so long that absent nodes may hold something lasting of the group, after enough nodes
have come (P51): what these nodes hold of the group is offered within seconds, and a merge takes the doubt away."""

LOOK_AT_LEAST_S: Final = 600.0
"""A group is looked at after this time at the latest, though nothing has happened and nothing runs out."""

PROBE_S: Final = 0.5
PROBE_MAX_S: Final = 4.0
"""A node that has not acknowledged for the first time is probed: a new command or entry may have been lost on the way.
The pause between probes doubles up to the second."""

RESYNC_REST_S: Final = 0.05
"""A follower that has just asked the master asks nobody for this time."""

RESYNC_S: Final = 0.3
RESYNC_MAX_S: Final = 2.0
"""First and longest pause before a follower asks its master again for what is missing."""

ASK_SPREAD_S: Final = 3.0
"""When nodes come or go, ask the masters of all groups, spread over this many seconds."""

BARRIER_REPEAT_S: Final = 0.3
"""An edge without an answer sends a barrier again after this time."""

LOG_IDLE_S: Final = 2 * 3600.0
"""A log to which nothing was added for this long is forgotten."""

# Another master of a group --------------------------------------------------------------------------------------------

QUIET_S: Final = 120.0
"""A network in which no node came, went, died or returned for this time is at rest: every group is where the ring
says."""

EACH_S: Final = 0.0005
MANY_MAX_S: Final = 2.0
"""A repeat waits so long for each group that waits, too, and at most so long: thousands of groups take seconds, and
repeats of what is on the way or waits for a slice would make these seconds longer (P23)."""

PREPARE_REPEAT_S: Final = 0.4
"""Pause before the nodes that have not answered are asked for their replicas again."""

PREPARE_AGAIN_S: Final = 1.0
"""A node that waits for silent nodes asks all nodes again after this."""

ABSENT_S: Final = 5.0
"""How long a node remembers that nobody holds a group, if the group was only asked about."""

HEARSAY_REST_S: Final = 0.4
"""Other nodes' words about a group's master are followed only so often within this time: two nodes whose rosters differ
would name each other without end."""

RETURN_ASK_S: Final = 0.5
"""A master that has not answered is asked again after this: links of a stopped node break, and questions get lost."""

HAND_OFF_REPEAT_S: Final = 0.4
"""The last message of a hand-off is sent again after this time."""

THAW_S: Final = 2.0
"""A hand-off that has not placed `Handed` after this is given up."""

INSTALLED_KEEP_S: Final = 30.0
"""An installed replica is kept this long for a recovery, if the old master is dead."""

FORK_OFFER_S: Final = 0.4
"""A fork that is not taken in is offered again after this time."""

FORK_PATIENCE_S: Final = 1.5
"""A follower leaves the offer of a fork to the fork's old master for this long."""

FORK_GIVE_UP_S: Final = 8.0
"""If nobody has taken a fork in for this long, people here are shown the master's replica as it is."""

OWED_OFFER_S: Final = 0.4
OWED_KEEP_S: Final = 60.0
"""An owed fork is offered again after the first time. An owed fork that no master has taken in for the second time is
given up, with a note."""

THIN_SAY_S: Final = 1.0
"""A node with thin groups says so again after this: messages may be lost."""

# Commands and questions of an edge ------------------------------------------------------------------------------------

SUBMIT_REPEAT_S: Final = 0.4
SUBMIT_REPEAT_MAX_S: Final = 2.0
"""First and longest pause before commands without an answer are sent again."""

SUBMIT_IDLE_S: Final = 60.0
"""A queue without a command for this time is forgotten."""

HINT_S: Final = 3.0
"""How long a node believes another node's word about a group's master before the node looks at the ring again."""

QUESTION_REPEAT_S: Final = 0.5
QUESTION_GIVE_UP_S: Final = 4.0
"""A question without a reply is sent again after the first time, and ends without an answer after the second."""

QUESTION_AGAIN_S: Final = 0.02
"""A question is not sent to a newly named master again within this time: many nodes may name the master at once."""

WATCH_LEASE_S: Final = 60.0
WATCH_RENEW_S: Final = 20.0
"""A master forgets a watch after the first time. The watcher renews the watch after the second."""

WATCH_REPEAT_S: Final = 0.5
"""A watch without an answer is sent again after this time."""

VIEW_REPEAT_S: Final = 0.5
"""A view without an acknowledgement is sent again after this time."""

STREAM_REPEAT_S: Final = 0.4
"""Parts of a stream without an acknowledgement are sent again after this time."""

STREAM_PROBE_S: Final = 5.0
"""An end that has heard nothing for this time sends a Flow. A peer that has lost the stream then answers so."""

STREAM_ENDED_S: Final = 30.0
"""A stream that has ended here is remembered for this time, to repeat the end."""

# History --------------------------------------------------------------------------------------------------------------

HISTORY_REPEAT_S: Final = 0.5
HISTORY_GIVE_UP_S: Final = 10.0
"""A question about a history, or a read for the answer, is repeated after the first time; the question ends without an
answer after the second."""

REPAIR_REPEAT_S: Final = 1.0
REPAIR_GIVE_UP_S: Final = 20.0
"""A step without an answer for the second time ends the filling. The group is filled again some time later."""

SCRUB_AFTER_S: Final = 0.2
"""Pause from an erasure to scrubbing the files, which serves all erasures until then: a scrub costs two flushes."""

SCRUB_AGAIN_S: Final = 1.0
"""Pause before a scrub is tried again because somebody reads: a backup takes long."""

# What a node keeps on disk --------------------------------------------------------------------------------------------

COPY_REST_S: Final = 0.05
"""A replica that nobody waits for is written again after this time: a thousand people who join at once change the
replica a thousand times."""

COPY_SILENT_S: Final = 10.0
"""A replica of a group without any message is written after this time: most such groups are gone by then (P40)."""

WRITE_RETRY_S: Final = 0.1
WRITE_RETRY_MAX_S: Final = 5.0
"""First and longest pause before a write that failed is tried again."""

CLOSE_S: Final = 5.0
"""A node that ends waits this long for the last writes."""

RETAIN_EVERY_S: Final = 600.0
"""How often old lines are forgotten."""

STORE_CHECK_S: Final = 1.0
"""How long a starting node checks the store for damage: a large file only in part."""

STORE_BUSY_S: Final = 5.0
"""How long a statement waits while another connection holds the file."""

STORE_SLICE_S: Final = 0.005
"""How long one transaction looks for lines to drop."""

SCRUB_PATIENCE_S: Final = 0.02
"""How long a scrub, and the writes behind the scrub, wait for readers."""

# What operators read --------------------------------------------------------------------------------------------------

LATE_S: Final = 1.0
"""A follower that lacks an entry for less than this time does not lag."""

UNREADABLE_NOTE_S: Final = 60.0
"""Unreadable messages of one peer are noted once in this time, with the number of times."""

UNREADABLE_TRIES_S: Final = 1.0
"""A group stops if the next part of the log was unreadable again and again, the last time at least this long after the
first."""

LEAVING_REPEAT_S: Final = 0.5
"""A node that leaves says so again after this time."""
