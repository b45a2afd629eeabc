"""Recordings of one node's core: everything that came into the core since its start, and digests of what it sent.

A node core is deterministic: from the same start, with the same inputs, it sends the same bytes. A recording begins
with the node's start, for the state of a running core is full of continuations, which no file can hold. It has

- a header: the build, the node's record and settings, the seed of its random numbers (tape.py);
- each call into the core, before it is made, with its arguments (doors.py);
- what the core asked of the outside at once (random bytes, how much has come to a client), and was answered later
  (passwords, the store);
- a digest of what the core sent to each peer and client, for each turn.

replay.py makes the same calls on a new core of the same build, and says where it first sends something else. What
people say is replaced by fillers of the same length, and so are secrets (fillers.py); digests are taken of what is
left then.
"""
