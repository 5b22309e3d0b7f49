"""`saga check` at the start of a process: what does not hold does not run.

What was found is kept in `DATA/checked.json`, by definition and by the version of the engine: a
definition is checked once, not at every start.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from orchestrator.bootstrap.brokers import Say
from orchestrator.bootstrap.errors import DefinitionBroken
from orchestrator.definition.words.builder import Saga
from orchestrator.verify.at_start import STATES, checked_at_start, engine_version
from orchestrator.verify.result import CheckResult, result

FILE: Final = "checked.json"


class Kept(msgspec.Struct, frozen=True):
    """The file: results that hold for this version of the engine."""

    engine: str
    results: list[CheckResult]


def checked_definitions(
    sagas: Sequence[Saga], folder: Path, say: Say, budget: int = STATES
) -> dict[str, CheckResult]:
    """The result for each definition, by version, from the folder or found now.

    At most ``budget`` situations are explored, and `say` gets a line for each definition that has
    more. Raises DefinitionBroken, after `say` got the timeline of what goes wrong.
    """
    path = folder / FILE
    kept = _kept(path, budget)
    new = {s.version: s.definition for s in sagas if s.version not in kept}
    explored = checked_at_start(new.values(), budget)
    found = dict(zip(new, map(result, explored), strict=True))
    results = {s.version: kept.get(s.version) or found[s.version] for s in sagas}
    for one in results.values():
        _hold(one, say)
    if found:
        _keep(path, results.values())
    return results


def _hold(found: CheckResult, say: Say) -> None:
    """Go on, in one line where it was not exhausted. Raises DefinitionBroken."""
    if found.violation is not None:
        say(f"{found.definition} goes wrong like this:\n{found.violation.timeline}")
        raise DefinitionBroken(
            f"saga {found.definition} may not run: it breaks {found.violation.law!r};"
            f" again: saga check {found.definition} --again {found.violation.path}"
        )
    if not found.exhausted:
        say(
            f"{found.definition} is too large to be checked at a start"
            f" (more than {found.budget:,} situations): saga check {found.definition}"
        )


def _kept(path: Path, budget: int) -> Mapping[str, CheckResult]:
    """What the file says, as far as it holds for this engine and this budget."""
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Kept)
    except (OSError, msgspec.DecodeError):
        return {}
    if kept.engine != engine_version():
        return {}
    return {one.version: one for one in kept.results if one.holds or one.budget >= budget}


def _keep(path: Path, results: Iterable[CheckResult]) -> None:
    """Write the file; readers never see half of it."""
    aside = path.with_suffix(".new")
    aside.write_bytes(msgspec.json.encode(Kept(engine_version(), list(results))))
    aside.replace(path)
