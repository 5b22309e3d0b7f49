"""Which version a start gets: the same whoever decides, and a larger share keeps a smaller one."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.rollouts import WHOLE, Rollout, bucket, in_force

OLD, NEW = "0" * 16, "1" * 16
KEYS = [f"order-{n}" for n in range(4_000)]


def rule(share: int = 0, at: int = 1, request: str = "r", **changes: object) -> Rollout:
    """A rule for ``buying``."""
    fields = {"base": OLD, "version": NEW, "share": share, **changes}
    return Rollout("buying", request, at, "ann", "try it", **fields)  # type: ignore[arg-type]


def having(one: Rollout) -> set[str]:
    """The keys that get the new version."""
    return {key for key in KEYS if one.chosen(1, key) == NEW}


def test_a_share_is_about_that_many_and_none_and_all() -> None:
    assert not having(rule(0))
    assert having(rule(WHOLE)) == set(KEYS)
    assert 330 < len(having(rule(1_000))) < 470


@given(st.integers(0, WHOLE), st.integers(0, WHOLE))
def test_a_larger_share_keeps_whom_a_smaller_one_had(one: int, other: int) -> None:
    small, large = sorted((one, other))
    key = KEYS[one % len(KEYS)]
    if rule(small).chosen(1, key) == NEW:
        assert rule(large).chosen(1, key) == NEW


def test_a_share_is_no_partition() -> None:
    """Of every partition about as many."""
    from contracts.topics import partition_of_start  # pylint: disable=import-outside-toplevel

    new = having(rule(5_000))
    for partition in range(8):
        mine = [key for key in KEYS if partition_of_start(1, "buying", key, 8) == partition]
        assert 0.4 < len(new.intersection(mine)) / len(mine) < 0.6


def test_keys_and_tenants_are_named() -> None:
    named = rule(keys=("order-7",), tenants=(3,))
    assert named.chosen(1, "order-7") == NEW
    assert named.chosen(1, "order-8") == OLD
    assert named.chosen(3, "order-8") == NEW


def test_the_same_key_in_another_definition_or_account_stands_elsewhere() -> None:
    places = {bucket(1, "buying", "k"), bucket(2, "buying", "k"), bucket(1, "selling", "k")}
    assert len(places) == 3


RULES = st.lists(
    st.builds(
        lambda at, share, off: rule(share, at, f"{at}", off=off),
        st.integers(1, 9),
        st.integers(0, 3),
        st.booleans(),
    ),
    unique_by=lambda one: one.request,
)


@given(RULES.flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))))
def test_whatever_the_order_the_latest_is_in_force(both: tuple[list[Rollout], list[Rollout]]):
    some, otherwise = both
    latest = max(some, key=lambda one: one.at, default=None)
    expected = {} if latest is None or latest.off else {"buying": latest}
    assert in_force(some) == in_force(otherwise) == expected
