"""Recordings of a node's core: all inputs of the core since the node's start, and digests of the core's outputs.

A node's core is deterministic: with the same start and the same inputs, the core sends the same bytes. A recording
begins with the node's start, because the state of a running core is full of continuations, and a file cannot hold
continuations. A recording has

- a header: the build, the node's record and settings, the seed of its random numbers (tape.py);
- each call into the core, before the call is made, with its arguments (doors.py);
- each answer of the outside to the core: answers given at once (random bytes, how much has come to a client), and
  answers given later (passwords, the store);
- a digest of the core's output to each peer and client, for each turn.

replay.py makes the same calls on a new core of the same build, and names the first different output. Fillers of the
same length replace messages and secrets (fillers.py); digests are taken after the replacement.
"""
