"""Whatever the rules allow holds on the engine as it is, and is explored to its end."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from orchestrator.definition.nodes import Kind, Node, Retry, Step
from orchestrator.definition.rules import check
from orchestrator.verify.explore import Bound, explore
from tests.world import definition, parallel, step

BEFORE: tuple[Kind, ...] = ("compensatable", "compensatable", "read")
AFTER: tuple[Kind, ...] = ("retriable", "read")
POLICIES = [Retry(attempts=n, initial_ms=1, maximum_ms=1) for n in (0, 1, 2)]


@st.composite
def steps(draw: st.DrawFn, name: str, kinds: tuple[Kind, ...]) -> Step:
    """A step of one of these kinds, with any policies."""
    policies = [draw(st.sampled_from(POLICIES)) for _ in range(2)]
    refusals = draw(st.sampled_from([{}, {"no": 409}, {"no": 409, "gone": 404}]))
    kind = draw(st.sampled_from(kinds))
    return step(name, kind, retry=policies[0], undo_retry=policies[1], refusals=refusals)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[Node, ...]:
    """What can be undone, perhaps a pivot, what must succeed: some of it in parallel."""
    first = draw(steps("a", BEFORE))
    second: Node = draw(steps("b", BEFORE))
    if draw(st.booleans()):
        second = parallel(second, draw(steps("c", BEFORE)))
    body: tuple[Node, ...] = (first, second)
    if draw(st.booleans()):
        body = (*body, draw(steps("p", ("pivot",))))
        if draw(st.booleans()):
            body = (*body, draw(steps("r", AFTER)))
    return body


@settings(max_examples=30, deadline=None)
@given(bodies(), st.booleans())
def test_what_the_rules_allow_holds(body: tuple[Node, ...], timed: bool) -> None:
    subject = definition(*body)
    if timed:
        subject = replace(subject, deadline_ms=1_000)
    check(subject)
    explored = explore(subject, Bound(1))
    assert explored.violation is None
    assert explored.exhausted
