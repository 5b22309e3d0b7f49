"""Kafka in and out: ownership, the order of law 2, timers and recovery.

Where to look, in the order of one message:

- in: ``inputs`` (consumers), ``intake`` and ``valve`` (backpressure), ``membership`` (the group)
- deciding: ``desk`` (an input becomes a decision), ``decisions``, ``plans``, ``states`` (the
cache), ``refusals``
- ownership of a partition: ``ownership``, ``standing`` and ``happenings`` (the pure machine),
  ``partition`` (drives it), ``belonging``, ``claiming`` and ``adoption`` (laws 9 and 14),
  ``log_reader``, ``log_writer``, ``follow``
- keeping: ``house`` (one SQLite transaction for all partitions), ``outstanding``
- out: ``wire`` (rendering), ``effects`` (sending, the sent mark), ``answers`` and ``waiters``
- time: ``timers`` (law 5's barrier), ``steady`` (jumps of the wall clock)
- watching: ``checkup`` and ``health``, ``counting``, ``spans``, ``tracing``, ``telling``
- the whole: ``orchestrator`` (what others hold), ``shell`` (its running parts), ``door`` (the
front door)
"""
