"""Small definitions with waits, children and signals that change data."""

from msgspec.structs import replace

from orchestrator.definition.nodes import Call, Definition, Step, Wait
from tests.world import changed, child, definition, parallel, step, timed, wait

TIMER = wait("t", signal="", required=(), accepts="", expires="done", refusals={})
"""Only its time counts."""


def receipt(name: str) -> Step:
    """A pivot whose reply has a ticket."""
    return step(
        name, "pivot", do=Call(f"Do{name}", "t.commands", {"order": "input.order"}, ("ticket",))
    )


def person(name: str) -> Wait:
    """A wait for a person."""
    return wait(name, person=True)


WAIT = timed(definition(step("a"), person("w"), step("b")), 1_000)
"""A person decides."""
BESIDE = definition(step("a"), parallel(wait("w"), step("b")), step("c"))
"""A wait beside a step."""
TWO_WAITS = definition(step("a"), parallel(wait("v"), wait("w")))
"""Two that wait."""
PAUSE = definition(step("a"), TIMER, step("b"))
"""A delay."""
CHANGE = changed(definition(step("a"), step("b"), step("c")), "b")
"""What changes is done again."""
CHANGE_BESIDE = timed(changed(definition(step("a"), parallel(step("b"), step("c"))), "b"), 1_000)
"""The same beside another step."""
READ_AGAIN = changed(definition(step("p", "pivot"), step("q", "read"), step("r", "retriable")), "q")
"""What changes is read again, where there is no way back."""
DECIDES = timed(changed(definition(step("a"), child("c"), step("r", "retriable")), "c"), 1_000)
"""A child with the point of no return."""
STOPPED = timed(definition(parallel(child("c", "compensatable"), step("b"))), 1_000)
"""A child that can be undone, beside a step."""
READS = definition(step("a"), child("c", "read"), step("b"))
"""A child that only reads."""
LIFECYCLE = timed(
    changed(
        definition(
            *(step("receive"), step("validate", "read"), person("review"), step("pay")),
            *(child("ship"), step("mark", "retriable")),
        ),
        "ship",
    ),
    1_000,
)
"""An order, from its receipt to its shipping."""
CHILD = replace(
    timed(changed(definition(step("prepare"), receipt("dispatch")), "prepare"), 1_000),
    result={"ticket": "dispatch.ticket", "order": "input.order"},
)
"""Its shipping: a saga that another one began."""

EVERY: dict[str, Definition] = {
    "wait": WAIT,
    "beside": BESIDE,
    "two waits": TWO_WAITS,
    "pause": PAUSE,
    "change": CHANGE,
    "change beside": CHANGE_BESIDE,
    "read again": READ_AGAIN,
    "decides": DECIDES,
    "stopped": STOPPED,
    "reads": READS,
    "lifecycle": LIFECYCLE,
    "child": CHILD,
}
