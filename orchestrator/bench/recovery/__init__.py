"""How soon open sagas go on: after a crash, in another process, and with replies waiting (issue 4,
part 8).

Real processes on real Kafka, seen from the outside: through ``saga.log``, ``/health/ready`` and
what the processes say in their own logs.
"""
