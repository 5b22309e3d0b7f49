"""What holds for the signals of every definition, however written: its waits and its changes."""

from collections.abc import Iterator

from orchestrator.definition.compiling.carried import CANCEL
from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.nodes import Change, Definition, Leaf, Wait
from orchestrator.definition.tree import steps_of


def check_signals(saga: str, definition: Definition) -> None:
    """Raise DefinitionError at the first wait or change that cannot work."""
    steps = {step.name: step for step in steps_of(definition.body)}
    for step in steps.values():
        if isinstance(step, Wait):
            _check_wait(f"{saga}, step {step.name}", step, definition.time_ms)
    seen: dict[str, str] = {}
    for signal, who, place in _taken(saga, definition):
        if signal == CANCEL:
            raise DefinitionError(
                place, f"{CANCEL!r} is a signal that every saga takes anyway", "Name another one"
            )
        if signal in seen:
            raise DefinitionError(
                place,
                f"the signal {signal} is taken by {seen[signal]} already, so which of the two is "
                "meant nobody could say",
                "Give one of them a signal of its own",
            )
        seen[signal] = who
    for change in definition.changes or ():
        _check_change(f"{saga}, change {change.signal}", change, definition, steps)


def _taken(saga: str, definition: Definition) -> Iterator[tuple[str, str, str]]:
    """Each signal that the definition takes: its name, by what, and the place."""
    for step in steps_of(definition.body):
        if isinstance(step, Wait) and step.signal:
            yield step.signal, f"the wait {step.name}", f"{saga}, step {step.name}"
    for change in definition.changes or ():
        yield change.signal, "a change", f"{saga}, change {change.signal}"


def _check_wait(place: str, wait: Wait, deadline_ms: int) -> None:
    if not wait.signal and wait.expires == "refused":
        raise DefinitionError(
            place,
            "it waits for no signal and is refused when its time is over, so the saga always fails",
            'Name the signal that it waits for, or write expires="done"',
        )
    if not wait.signal and wait.person:
        raise DefinitionError(
            place,
            "a person is waited for, and there is no signal by which they could answer",
            "Name the signal that it waits for, or leave person=True out",
        )
    if not wait.signal and 0 < deadline_ms <= wait.timeout_ms:
        raise DefinitionError(
            place,
            f"it lasts {wait.timeout_ms} ms, and the deadline of the whole is {deadline_ms} ms",
            "Write a shorter wait or a longer deadline",
        )
    lacking = [field for field in wait.required if field not in wait.data]
    if wait.expires == "done" and lacking:
        raise DefinitionError(
            place,
            f"at the end of its time it is done, and its data lack {', '.join(lacking)}",
            'Write data={...} with every field of the signal, or expires="refused"',
        )


def _check_change(
    place: str, change: Change, definition: Definition, steps: dict[str, Leaf]
) -> None:
    step = next((one for name, one in steps.items() if name == change.redo), None)
    if step is None:
        raise DefinitionError(
            place,
            f"no step is called {change.redo!r}",
            f"Name one of its steps as redo=...: {', '.join(steps)}",
        )
    if isinstance(step, Wait):
        raise DefinitionError(
            place,
            f"{change.redo} is a wait, and there is nothing in it to do again",
            "Name the first step that is filled from what changes",
        )
    if step.kind in ("pivot", "retriable") and not step.child:
        raise DefinitionError(
            place,
            f"{change.redo} is a {step.kind} step: it is never undone, so doing it again would "
            "leave both",
            "Name a step before it, which is read or compensatable, or a child",
        )
    known = definition.input.get("properties", {})
    for field in change.fields:
        if known and field not in known:
            raise DefinitionError(
                place, f"the input has no field {field!r}", f"Write one of: {', '.join(known)}"
            )
