"""Families and outcomes drawn by hypothesis: small, with times that collide."""

from hypothesis import strategies as st

from orchestrator.definition.nodes import Definition, Node, Parallel, Retry, Wait
from orchestrator.simulate.cast import Family, parts_of
from orchestrator.simulate.durations import Constant, Uniform
from orchestrator.simulate.outcomes import Given, Kind, Outcome, Outcomes, Part
from tests.unit.simulate.scenery import child, family, saga, step, wait

MS = st.sampled_from([1, 5, 10, 20, 50, 100])
DURATIONS = st.one_of(st.builds(Constant, MS), st.builds(Uniform, st.just(0), MS))


def retries(least: int = 1, most: int = 4) -> st.SearchStrategy[Retry]:
    """Retry policies."""
    return st.builds(
        Retry,
        st.integers(least, most),
        st.sampled_from([1, 5, 20]),
        st.sampled_from([20, 100]),
        st.sampled_from([1.0, 2.0]),
    )


@st.composite
def steps(draw: st.DrawFn, name: str, kinds: list[str]) -> Node:
    """A step."""
    kind = draw(st.sampled_from(kinds))
    return step(name, kind, draw(MS), draw(retries()), draw(retries()))  # type: ignore[arg-type]


@st.composite
def waits(draw: st.DrawFn, name: str) -> Wait:
    """A wait, of a person or not."""
    expires = draw(st.sampled_from(["done", "refused"]))
    person = draw(st.booleans())
    return wait(name, draw(MS), expires=expires, person=person)


@st.composite
def bodies(draw: st.DrawFn, prefix: str) -> tuple[Node, ...]:
    """A way there, perhaps with a parallel and a wait, and perhaps a point of no return."""
    nodes: list[Node] = []
    if draw(st.booleans()):
        nodes.append(draw(waits(f"{prefix}first")))
    for n in range(draw(st.integers(1, 2))):
        nodes.append(draw(steps(f"{prefix}{n}", ["compensatable", "read"])))
    if draw(st.booleans()):
        branches = [
            (draw(steps(f"{prefix}p{n}", ["compensatable"])),)
            for n in range(draw(st.integers(2, 3)))
        ]
        nodes.append(Parallel(tuple(branches)))
    if draw(st.booleans()):
        nodes.append(draw(waits(f"{prefix}w")))
    if draw(st.booleans()):
        nodes.append(draw(steps(f"{prefix}pivot", ["pivot"])))
        nodes.append(draw(steps(f"{prefix}end", ["retriable"])))
    return tuple(nodes)


@st.composite
def families(draw: st.DrawFn) -> Family:
    """A saga, perhaps with a child."""
    body = draw(bodies("a"))
    found: list[Definition] = []
    if draw(st.booleans()) and not any(getattr(node, "kind", "") == "pivot" for node in body):
        below = saga("below", *draw(bodies("b")), deadline_ms=draw(st.sampled_from([0, 60, 300])))
        kinds = {getattr(node, "kind", "") for node in below.body}
        kind = "pivot" if "pivot" in kinds else "compensatable"
        body = (*body, child("sub", below, kind, draw(st.sampled_from([20, 200]))))
        body = (*body, draw(steps("after", ["retriable" if kind == "pivot" else "compensatable"])))
        found.append(below)
    deadline = draw(st.sampled_from([0, 15, 60, 200]))
    return family(saga("root", *body, deadline_ms=deadline), *found)


@st.composite
def outcomes(draw: st.DrawFn, kinds: tuple[Kind, ...], sure: Kind) -> Outcomes:
    """Outcomes of which one that goes on is always possible."""
    found = [Outcome(sure, 1.0, draw(DURATIONS))]
    for kind in kinds:
        if draw(st.booleans()):
            code = "no" if kind == "refuses" else ""
            law = None if kind == "hangs" else draw(DURATIONS)
            found.append(Outcome(kind, draw(st.sampled_from([0.5, 1.0, 2.0])), law, code))
    return Outcomes(tuple(found))


@st.composite
def givens(draw: st.DrawFn, of: Family) -> Given:
    """What comes of every part."""
    parts: dict[Part, Outcomes] = {}
    for part, leaf in parts_of(of).items():
        if isinstance(leaf, Wait):
            parts[part] = draw(outcomes(("rejects", "hangs"), "approves"))
        else:
            parts[part] = draw(outcomes(("raises", "refuses", "hangs"), "works"))
    return Given(parts, None, draw(st.sampled_from([Constant(0), Constant(3), Uniform(0, 5)])))


@st.composite
def simulations(draw: st.DrawFn) -> tuple[Family, Given]:
    """A family and what comes of its parts."""
    found = draw(families())
    return found, draw(givens(found))
