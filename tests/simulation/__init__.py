"""The whole runtime in a deterministic simulation: broker, disk, network and clock are simulated,
everything else is the product.

One seed is one world: processes of the real ``Orchestrator`` and of the real participants on one
event loop with virtual time (``loop``), on a simulated broker (``broker``, ``group``, ``clients``)
and on SQLite files in memory, under faults drawn from the seed (``faults``). ``audit`` looks at
every record as it is written, ``verdict`` at everything in the end. The same seed is the same run.

Learned from FoundationDB's simulation, TigerBeetle's VOPR (a phase with faults, then one without,
in which everything must come to an end) and swarm testing (each seed has only some kinds of faults,
Groce et al., ISSTA 2012).

    python -m tests.simulation --seeds 1000     # all cores; exit 1 and the seed when one fails
    python -m tests.simulation --seed 42 --trace 200
"""
