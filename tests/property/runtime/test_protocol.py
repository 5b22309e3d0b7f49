"""The ownership protocol in every small world, on the runtime's own machine and reading rule
(DESIGN laws 2, 3, 9 and 14); and without any one of its rules, how things go wrong.
"""

# pylint: disable=protected-access  # a rule is taken out to see that the check can fail

from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.runtime import happenings as h
from orchestrator.runtime import ownership
from orchestrator.runtime.ownership import Ownership
from orchestrator.sagalog.fold import ACCEPTED, LogFold, Verdict
from tests.property.runtime import explore, truths
from tests.property.runtime.scopes import CI
from tests.property.runtime.search import Exploration
from tests.property.runtime.small_world import Scope

SMALL = 300_000
FAST = frozenset(("sqlite", "arrivals", "marks"))
TWO = Scope(troubles=1, kinds=frozenset(("moved",)), at_once=FAST)


@pytest.fixture(autouse=True)
def fresh() -> None:
    """What counts is remembered for each log; a test may have changed the rule."""
    truths.valid.cache_clear()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", CI)
def test_everything_holds(name: str) -> None:
    """In every world of the scope, and every world comes to where all is decided and sent."""
    found = Exploration(CI[name], limit=2_000_000).run()
    assert not found.path, str(found)
    assert found.worlds > 1_000


def test_the_command_says_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0 when all holds; a limit that was met is no proof."""
    assert explore.main(["--scope", "refill by another"]) == 0
    assert "worlds, " in capsys.readouterr().out
    assert explore.main(["--scope", "refill by another", "--limit", "100"]) == 1
    assert "not exhausted" in capsys.readouterr().out


def _goes_wrong(scope: Scope, *ways: str) -> list[str]:
    found = Exploration(scope, limit=SMALL).run()
    assert found.path, str(found)
    assert any(way in found.path[-1] for way in ways), str(found)
    return found.path


Step = Callable[[Ownership, Any], Any]


@pytest.fixture
def instead(monkeypatch: pytest.MonkeyPatch) -> Callable[[type, Step], None]:
    """Let the machine do something else when this happens."""
    return lambda kind, step: monkeypatch.setitem(ownership._STEP, kind, step)


def test_it_needs_the_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers that do not compare them take a replaced owner's straggler."""

    def judge(fold: LogFold, _: str, seq: int) -> Verdict:
        return ACCEPTED if seq == fold.facts.seq else Verdict(False)

    monkeypatch.setattr(LogFold, "_judge", judge)
    _goes_wrong(TWO, "illegal", "twice", "no prefix")


def test_it_needs_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers that do not compare them miss that an earlier append was lost."""

    def judge(fold: LogFold, epoch: str, _: int) -> Verdict:
        return ACCEPTED if epoch == fold.facts.epoch else Verdict(False)

    monkeypatch.setattr(LogFold, "_judge", judge)
    kinds = frozenset(("lost append",))
    _goes_wrong(Scope(owners=1, troubles=1, pipeline=2, kinds=kinds, at_once=FAST), "illegal")


def test_it_needs_the_offset_expected(instead: Callable[[type, Step], None]) -> None:
    """An owner that takes any offset acts on what its successor does not see."""
    instead(h.Acknowledged, lambda own, event: ownership._confirm(own, event.span, event.base))
    _goes_wrong(TWO, "acted on what is not in the valid log", "no prefix", "not where it says")


def test_it_needs_to_read_between(instead: Callable[[type, Step], None]) -> None:
    """A jump is a straggler, or a newer claim: whoever does not look cannot tell."""
    read = ownership._STEP[h.ReadBetweenDone]
    instead(h.ReadBetweenDone, lambda own, event: read(own, h.ReadBetweenDone(own.epoch, False)))
    _goes_wrong(TWO, "acted on what is not in the valid log", "no prefix", "not where it says")


def test_it_commits_only_what_is_confirmed(instead: Callable[[type, Step], None]) -> None:
    """What is written before it is acknowledged may never be in the log."""
    decided = ownership._STEP[h.Decided]

    def hasty(own: Ownership, event: h.Decided) -> Any:
        after, actions = decided(own, event)
        after, more = ownership._confirm(after, own.spans, own.expected)
        return after, (*actions, *more)

    instead(h.Decided, hasty)
    _goes_wrong(TWO, "acted on what is not in the valid log", "no prefix", "not where it says")


def test_it_needs_to_seek_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs of decisions that were thrown away would never be read again."""
    lost = ownership._lost

    def careless(own: Ownership, reason: str) -> Any:
        read = own.appended[-1].covers if own.appended else own.inputs
        return lost(ownership._change(own, inputs=read), reason)

    monkeypatch.setattr(ownership, "_lost", careless)
    kinds = frozenset(("lost append",))
    _goes_wrong(Scope(owners=1, troubles=1, kinds=kinds, at_once=FAST), "lost", "not all")


def test_a_new_producer_needs_a_new_claim(instead: Callable[[type, Step], None]) -> None:
    """What an old producer still delivers would count as the new one's."""

    def goes_on(own: Ownership, _: h.AppendFailed) -> Any:
        if own.phase != "owner":
            return ownership._lost(own, "")
        seq = own.appended[0].first
        after = ownership._change(own, appended=(), seq=seq)
        return after, (h.Relinquish(own.inputs, True, ""), h.Own(own.sent))

    instead(h.AppendFailed, goes_on)
    kinds = frozenset(("impatience",))
    scope = Scope(owners=1, troubles=1, timers=True, kinds=kinds, at_once=FAST)
    _goes_wrong(scope, "not in the valid log", "no prefix", "not where it says")


def test_it_compares_before_it_claims(instead: Callable[[type, Step], None]) -> None:
    """Whoever does not notice that the topic was cut leaves in the file what the log lacks."""
    inspected = ownership._STEP[h.Inspected]

    def trusting(own: Ownership, event: h.Inspected) -> Any:
        after, actions = inspected(own, event)
        return ownership._change(after, again=False), actions

    instead(h.Inspected, trusting)
    kinds = frozenset(("power cut",))
    _goes_wrong(Scope(owners=1, troubles=0, losses=1, kinds=kinds), "not one", "not all")


def test_it_refills(instead: Callable[[type, Step], None]) -> None:
    """What only the file has is appended again before anything is decided (law 14)."""
    adopted = ownership._STEP[h.Adopted]

    def forgetful(own: Ownership, event: h.Adopted) -> Any:
        return adopted(own, h.Adopted(event.epoch, event.sent, event.foreign, missing=False))

    instead(h.Adopted, forgetful)
    kinds = frozenset(("power cut",))
    _goes_wrong(Scope(owners=1, troubles=0, losses=1, kinds=kinds), "not one", "not all")


def test_the_topic_must_not_forget_while_owners_go_on() -> None:
    """Law 2 sets the topic up so that what it acknowledged stays: else no rule can help."""
    kinds = frozenset(("forgets", "crash"))
    scope = Scope(owners=1, troubles=1, losses=1, kinds=kinds)
    path = _goes_wrong(scope, "not one", "nowhere", "lost", "illegal", "twice")
    assert any("the topic forgets" in line for line in path)


def test_answers_are_fenced_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A replaced owner does not know its successor's sagas: to it their replies are dead letters.

    Found here, and by nothing before: answers stand in no log, so no append fails for them.
    """

    def at_once(own: Ownership) -> Any:
        return (h.SeeEnd(own.spans - 1, own.seq),) if own.appended else ()

    seen = ownership._STEP[h.EndSeen]
    monkeypatch.setattr(ownership, "_unseen", at_once)
    monkeypatch.setitem(
        ownership._STEP,
        h.EndSeen,
        lambda own, e: seen(own, h.EndSeen(e.epoch, e.span, e.seq, own.expected)),
    )
    _goes_wrong(TWO, "became a dead letter")


def test_an_idle_owner_looks_at_the_log(instead: Callable[[type, Step], None]) -> None:
    """It was replaced, is the assignee again, and has nothing to append: it would never know what
    was decided meanwhile, nor send it. Found here, too.
    """
    instead(h.LookDue, lambda own, _: (own, ()))
    _goes_wrong(TWO, "not all")


def test_the_sent_mark_waits_for_what_it_covers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark over what has not arrived keeps a successor from sending it again (law 3)."""
    settle = ownership.settle

    def hopeful(own: Ownership) -> Ownership:
        done = frozenset(span.id for span in own.acting)
        return settle(ownership._change(own, done=own.done | done))

    monkeypatch.setattr(ownership, "settle", hopeful)
    _goes_wrong(Scope(owners=1, troubles=1), "sent mark", "not all")
