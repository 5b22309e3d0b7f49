"""What the embedded broker is not, said where a user chooses it (DESIGN, facts)."""

PARTITION_BYTES = 5 * 1024 * 1024
"""librdkafka's `max_size` of a partition: beyond it the oldest batches are dropped."""

MAX_UNREAD_BYTES = 4 * 1024 * 1024
"""Unread bytes a partition must stay under, so that nothing unread is ever dropped."""

LIMITS = """\
The embedded broker is for trying things out on one machine:
  - memory only: what it holds is gone when it stops (the saga log's file is the durable copy)
  - 5 MiB a partition, the oldest records are dropped
  - one consumer a group: one orchestrator, one instance of each service
  - no topics created over the wire, no offsets by time, no TLS and no passwords, loopback only
For anything else: `saga kafka start`, or --broker HOST:PORT."""
