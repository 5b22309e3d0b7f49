"""The parts of the proof: what each claims, and the commands that show it, short and whole.

A command is what follows ``python``. What begins with ``-m orchestrator.cli`` runs wherever the
package is installed; the others need the checks of a checkout.
"""

from collections.abc import Sequence
from typing import NamedTuple

from orchestrator.proof.readings import (
    Reading,
    of_chaos,
    of_check,
    of_lines,
    of_recovery,
    of_tests,
    of_worlds,
)

CLI = ("-m", "orchestrator.cli")
SEED = "4"
"""Any seed will do; the same one makes two runs comparable."""


class Command(NamedTuple):
    """One command: the words after ``python``, how what it explored is read, and whether it needs
    the address of a Kafka (``--broker``).
    """

    words: tuple[str, ...]
    read: Reading
    broker: bool = False

    @property
    def installed(self) -> bool:
        """Whether the installed package is enough for it."""
        return self.words[: len(CLI)] == CLI


class Part(NamedTuple):
    """One part; ``full`` is what it runs with `--full`, ``kafka``: on a real Kafka beside it."""

    name: str
    claim: str
    short: tuple[Command, ...]
    full: tuple[Command, ...]
    kafka: bool = False

    def commands(self, *, full: bool) -> tuple[Command, ...]:
        """What is to be run."""
        return self.full if full else self.short


def parts(definitions: Sequence[str], where: Sequence[str] = ()) -> tuple[Part, ...]:
    """All parts, in the order in which they are run. ``where``: the options that name the
    application.
    """
    return (
        Part(
            "definitions",
            "everything that can happen to a saga, explored on the engine (laws 1, 4 to 7, 12)",
            tuple(_saga("check", name, *where, "--json", read=of_check) for name in definitions),
            tuple(
                _saga("check", name, *where, "--depth", "3", "--json", read=of_check)
                for name in definitions
            ),
        ),
        Part(
            "protocol",
            "the ownership protocol, explored on the machine that runs (laws 2, 3, 9, 10)",
            (_python("tests.property.runtime.explore", read=of_worlds),),
            (
                _tests("-m", "", "tests/property/runtime"),
                _python("tests.property.runtime.explore", "--larger", read=of_worlds),
            ),
        ),
        Part(
            "owners",
            "several processes on a real Kafka, stopped, woken and killed under load (laws 9, 10)",
            (_tests(*_OWNERS),),
            (_tests("-m", "", *_OWNERS),),
            kafka=True,
        ),
        Part(
            "crash points",
            "killed at every call of an I/O port, forward and undoing (laws 2 to 5)",
            (_tests("tests/crash_points"),),
            (_tests("-m", "", "tests/crash_points"),),
            kafka=True,
        ),
        Part(
            "participants",
            "late, odd and restored participants, and what the kit says of them (laws 4, 5)",
            (_tests("tests/integration/participants", "tests/unit/services"),),
            (_tests("-m", "", "tests/integration/participants", "tests/unit/services"),),
            kafka=True,
        ),
        Part(
            "power and disk",
            "power cuts at every sync, of the machine too; disks that fail or are full (law 2)",
            (_tests(*_DISKS),),
            (_tests("-m", "", *_DISKS),),
        ),
        Part(
            "an absent broker",
            "gone, stopped, only its answers lost: readiness says so, nothing is lost (laws 2, 9)",
            (_tests("tests/integration/outage"),),
            (
                _tests("-m", "", "tests/integration/outage"),
                _python(
                    "tests.measurements.broker_return",
                    "--away",
                    "60",
                    read=of_lines("after its return"),
                ),
            ),
        ),
        Part(
            "chaos",
            "real processes on a real Kafka, killed at random: all of it adds up (all laws)",
            (_chaos("2", where),),
            (_chaos("30", where), _tests("-m", "proof", "tests/acceptance/test_chaos.py")),
        ),
        Part(
            "simulation",
            "the whole runtime on a simulated broker, disk, network and clock (all laws)",
            (_simulation("200"),),
            (_simulation("10000"),),
        ),
        Part(
            "planted bugs",
            "small defects put into the code: the check that is named for each sees it",
            (_tests("tests/planted"),),
            (_tests("-m", "", "tests/planted"),),
        ),
        Part(
            "recovery",
            "how soon open sagas go on after a crash (laws 5, 9, 12)",
            (_recovery(where, "--open", "1000"),),
            (
                _recovery(where, "--open", "10000"),
                _recovery(where, "--open", "100000"),
                _recovery(where, "--open", "100000", "--partitions", "1", "--takeover"),
                _recovery(where, "--open", "10000", "--waiting", "--down", "300"),
            ),
            kafka=True,
        ),
        Part(
            "the log comes back",
            "a lost file, a lost topic, an old backup, a wrong file (law 14)",
            (_tests("tests/integration/replay", "tests/integration/sagalog"),),
            (_tests("-m", "", "tests/integration/replay", "tests/integration/sagalog"),),
            kafka=True,
        ),
        Part(
            "deadlines",
            "what is computed beforehand comes true, and docs/deadline.md says it (law 12)",
            (_tests(*_SIMULATED),),
            (_tests("-m", "", *_SIMULATED, *_PAGE),),
        ),
    )


_DISKS = (
    "tests/integration/durability",
    "tests/integration/power",
    "tests/integration/disk",
    "tests/integration/runtime/test_disk.py",
)


_OWNERS = ("tests/acceptance/test_owners.py", "tests/acceptance/test_woken.py")
_SIMULATED = ("tests/integration/simulate", "tests/integration/runtime/test_simulated.py")
_PAGE = ("tests/acceptance/test_deadline_page.py", "tests/unit/simulate/test_search.py")


def _saga(*words: str, read: Reading, broker: bool = False) -> Command:
    return Command((*CLI, *words), read, broker)


def _tests(*words: str) -> Command:
    return Command(("-m", "pytest", "-q", "-rs", *words), of_tests)


def _python(module: str, *words: str, read: Reading) -> Command:
    return Command(("-m", module, *words), read)


def _simulation(seeds: str) -> Command:
    return _python("tests.simulation", "--seeds", seeds, read=of_lines("seeds in"))


def _chaos(minutes: str, where: Sequence[str]) -> Command:
    return _saga("chaos", "--minutes", minutes, "--seed", SEED, *where, "--json", read=of_chaos)


def _recovery(where: Sequence[str], *words: str) -> Command:
    return _saga("bench", "recovery", *words, *where, "--json", read=of_recovery, broker=True)
