"""Outcomes as people write them: what is read, and what is said of what cannot be."""

import pytest

from orchestrator.simulate.durations import (
    Constant,
    Empirical,
    Exponential,
    Lognormal,
    Uniform,
)
from orchestrator.simulate.errors import GivenError
from orchestrator.simulate.outcomes import Outcome, Part
from orchestrator.simulate.reading import read_given
from orchestrator.simulate.stage import complete
from orchestrator.simulate.template import template
from tests.unit.simulate.scenery import LIFECYCLE, SHIPPING, family

FAMILY = family(LIFECYCLE, SHIPPING)

GOOD = """
hop: 2 ms
otherwise:
  - works: 0.02
sagas:
  lifecycle:
    receive:
      do:
        - {works: {lognormal: {median: 0.05, sigma: 0.5}}, weight: 90}
        - {raises: {uniform: [10 ms, 2 s]}, weight: 5}
        - {refuses: {code: no, after: {exponential: 0.1}}, weight: 4}
        - {hangs: , weight: 1}
      undo:
        - {works: {empirical: [0.3, 0.1, 0.2]}}
    review:
      - {approves: 1 h}
      - {rejects: 5 min, weight: 0.5}
      - hangs:
  shipping:
"""


def test_everything_that_can_be_written() -> None:
    found = read_given(GOOD, "o.yaml", FAMILY)
    assert found.hop == Constant(2)
    assert found.parts[Part("lifecycle", "receive", "do")].all == (
        Outcome("works", 90, Lognormal(50, 0.5)),
        Outcome("raises", 5, Uniform(10, 2_000)),
        Outcome("refuses", 4, Exponential(100), "no"),
        Outcome("hangs", 1),
    )
    assert found.parts[Part("lifecycle", "receive", "undo")].all[0].duration == Empirical(
        (100, 200, 300)
    )
    assert found.parts[Part("lifecycle", "review", "do")].all == (
        Outcome("approves", 1, Constant(3_600_000)),
        Outcome("rejects", 0.5, Constant(300_000)),
        Outcome("hangs"),
    )
    complete(found, FAMILY, "o.yaml")
    assert found.of(Part("shipping", "prepare", "do")) == found.otherwise


def of_step(text: str, step: str = "payment", saga: str = "lifecycle") -> str:
    """A file with these outcomes of one step, from line 3 on."""
    return f"sagas:\n  {saga}:\n    {step}: {text}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "o.yaml: nothing stands in it. A file to start from: saga simulate"),
        ("a: [1", "o.yaml:1: this is no YAML: "),
        ("\tx: 1", "o.yaml:1: this is no YAML: "),
        ("[1, 2]", "o.yaml:1: names with values were expected. Its names are sagas, otherwise"),
        ("sags: {}", "o.yaml:1: sags: there is no 'sags' here. Its names are sagas, otherwise"),
        ("sagas: {}\nsagas: {}", "o.yaml:2: sagas: it stands there twice. Leave one"),
        (of_step("[]", saga="shiping"), "o.yaml:2: sagas.shiping: 'shiping' is no saga of this"),
        (of_step("[]", step="paiment"), "'paiment' is no step of lifecycle. There are: receive, "),
        (of_step("[]"), "o.yaml:3: sagas.lifecycle.payment: nothing comes of it. Write a list"),
        (of_step("5"), "payment: a list was expected. Write a list such as"),
        (of_step("[{works: -1}]"), "payment[0].works: -1 is negative, and nothing takes less"),
        (of_step("[{works: soon}]"), "payment[0].works: 'soon' is no duration. Write seconds"),
        (of_step("[{works: 3 weeks}]"), "'3 weeks' is no duration"),
        (of_step("[{works: .inf}]"), "'.inf' is no duration"),
        (of_step("[{works: 9000 h}]"), "9000 h is more than a year"),
        (of_step("[{works: }]"), "it does not say how long that takes"),
        (of_step("[{works: 1, weight: -2}]"), "payment[0].weight: '-2' is not a weight. Write a"),
        (of_step("[{works: 1, weight: nan}]"), "'nan' is not a weight"),
        (of_step("[{works: 1, weight: 0}]"), "the weights add up to nothing. Give at least one"),
        (of_step("[{works: 1, raises: 1}]"), "payment[0]: it has 2 outcomes, and each has one"),
        (of_step("[{weight: 1}]"), "payment[0]: it has 0 outcomes, and each has one. Write one of"),
        (of_step("[{work: 1}]"), "payment[0].work: there is no 'work' here. Write one of works"),
        (of_step("[{hangs: 5}]"), "payment[0].hangs: what hangs has no duration"),
        (of_step("[{refuses: 1}]"), "payment[0].refuses: names with values were expected. Write"),
        (of_step("[{refuses: {after: 1}}]"), "it does not say with which code"),
        (
            of_step("[{refuses: {code: maybe}}]"),
            "refuses.code: the command declares no refusal 'maybe'. It declares: no, never",
        ),
        (of_step("[{works: {normal: 1}}]"), "there is no distribution 'normal'"),
        (of_step("[{works: {uniform: [2, 1]}}]"), "the shortest time is longer than the longest"),
        (of_step("[{works: {uniform: [2]}}]"), "it has 1 bounds"),
        (of_step("[{works: {empirical: []}}]"), "it is empty"),
        (of_step("[{works: {lognormal: {median: 1}}}]"), "it needs a median, and one of p99 and"),
        (
            of_step("[{works: {lognormal: {median: 1, p99: 0.5}}}]"),
            "p99: the 99th percentile lies below the median",
        ),
        (
            of_step("[{works: {lognormal: {median: 0, p99: 0.5}}}]"),
            "median: the median of a lognormal distribution is above 0",
        ),
        (of_step("{do: [{works: 1}], und: []}"), "payment.und: there is no 'und' here"),
        (of_step("{undo: [{works: 1}]}", "validate"), "validate.undo: validate has no undo"),
        (of_step("[{works: 1}]", "review"), "there is no 'works' here. Write one of approves"),
        (of_step("[{works: 1}]", "shipping"), "shipping is the saga shipping, which is simulated"),
        ("otherwise: [{refuses: {code: no}}]", "the command declares no refusal 'no'"),
        ("hop: {uniform: 5}", "o.yaml:1: hop.uniform: a list was expected"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_what_to_write(text: str, said: str) -> None:
    with pytest.raises(GivenError) as error:
        read_given(text, "o.yaml", FAMILY)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_all_that_is_missing_is_named() -> None:
    found = read_given(of_step("[{works: 1}]"), "o.yaml", FAMILY)
    with pytest.raises(GivenError) as error:
        complete(found, FAMILY, "o.yaml")
    missing = (
        "lifecycle, receive; lifecycle, receive, undo; lifecycle, validate;"
        " lifecycle, payment, undo; lifecycle, ship;"
        " shipping, prepare; shipping, prepare, undo; shipping, dispatch."
    )
    assert f"o.yaml: nothing says what becomes of {missing} " in str(error.value)
    assert "saga simulate lifecycle --write-given" in str(error.value)


def test_the_template_can_be_read_and_is_complete() -> None:
    found = read_given(template(FAMILY, None), "o.yaml", FAMILY)
    complete(found, FAMILY, "o.yaml")
    assert Part("shipping", "dispatch", "do") in found.parts


def test_what_is_given_survives_being_written() -> None:
    found = read_given(GOOD, "o.yaml", FAMILY)
    again = read_given(template(FAMILY, found), "o.yaml", FAMILY)
    for part, outcomes in found.parts.items():
        for one, other in zip(outcomes, again.parts[part], strict=True):
            assert (one.kind, one.weight, one.code) == (other.kind, other.weight, other.code)
            for u in (0.01, 0.5, 0.99):
                old, new = (law.at(u) if law else 0 for law in (one.duration, other.duration))
                assert abs(old - new) <= max(1, 0.01 * old)
