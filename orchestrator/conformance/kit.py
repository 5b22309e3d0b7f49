"""Makes all checks of one participant, one after another."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from contracts.topics import REPLIES
from infra.broker.removal import delete_topics
from infra.broker.settings import BrokerSettings
from infra.broker.topics import TopicSpec, ensure_topics, list_topics
from infra.clock import Clock
from orchestrator.conformance.checks import CHECKS
from orchestrator.conformance.checks.check import Check
from orchestrator.conformance.errors import UnknownCheck, WrongPlace
from orchestrator.conformance.examples import Examples
from orchestrator.conformance.post import Post
from orchestrator.conformance.report import Report, Result
from orchestrator.conformance.scene import Scene
from orchestrator.conformance.verdicts import NotSeen, Silence, Wrong

REPLY_PARTITIONS: Final = 2

Tell = Callable[[Result], None]


@dataclass(frozen=True)
class Wanted:
    """What is to be examined.

    - ``topic``: the participant's commands, without the cluster's topic prefix.
    - ``patience_s``: how long an answer may take.
    - ``replies``: a topic for the replies that is there; None makes one and deletes it afterwards.
    - ``first``: the first number for ``{{unique}}``; None takes one made of the time.
    - ``only``: the names of the checks to make; none means all.
    """

    topic: str
    examples: Examples
    patience_s: float = 10.0
    replies: str | None = None
    first: int | None = None
    only: Sequence[str] = ()

    def checks(self) -> list[Check]:
        """The checks to make, in their order; raises UnknownCheck."""
        known = [check.name for check in CHECKS]
        unknown = sorted(set(self.only) - set(known))
        if unknown:
            raise UnknownCheck(f"no check is called {unknown[0]}; there are {', '.join(known)}")
        return [check for check in CHECKS if not self.only or check.name in self.only]


async def examine(broker: BrokerSettings, wanted: Wanted, clock: Clock, tell: Tell) -> Report:
    """Make every check; ``tell`` hears of each as it ends.

    Raises ConformanceError, BrokerError.
    """
    checks = wanted.checks()
    topics = await list_topics(broker)
    topic = broker.topic(wanted.topic)
    if topic not in topics:
        raise WrongPlace(f"{broker.address} has no topic {topic}")
    results: list[Result] = []
    async with (
        _reply_topic(broker, wanted, topics, clock) as replies,
        Post(broker, topics, topic, replies) as post,
    ):
        scene = Scene(post, wanted.examples, clock, wanted.patience_s, wanted.first)
        lost = ""
        for check in checks:
            result = await _result(check, scene, lost)
            if result.silent and not await scene.alive():
                lost = f"nothing is answered any more since {check.name}"
            results.append(result.told)
            tell(result.told)
        standing = scene.standing if lost else await scene.tidy()
    return Report(topic, broker.address, tuple(results), standing)


@dataclass(frozen=True)
class _Made:
    told: Result
    silent: bool = False


async def _result(check: Check, scene: Scene, lost: str) -> _Made:
    def skipped(why: str) -> _Made:
        return _Made(Result(check.name, check.rule, "skipped", why=why))

    if lost:
        return skipped(lost)
    missing = sorted(check.needs - scene.examples.given)
    if missing:
        return skipped(f"no example is given of: {', '.join(missing)}")
    try:
        await check.run(scene)
    except NotSeen as unseen:
        return skipped(str(unseen))
    except Wrong as wrong:
        told = Result(check.name, check.rule, "failed", wrong.expected, wrong.found)
        return _Made(told, isinstance(wrong, Silence))
    return _Made(Result(check.name, check.rule, "passed"))


@asynccontextmanager
async def _reply_topic(
    broker: BrokerSettings, wanted: Wanted, topics: dict[str, int], clock: Clock
) -> AsyncGenerator[str]:
    """The topic for the replies; ``topics`` has it, too."""
    if wanted.replies is not None:
        replies = broker.topic(wanted.replies)
        if wanted.replies == REPLIES:
            raise WrongPlace(f"{replies} is the orchestrator's; the kit needs one of its own")
        if replies not in topics:
            raise WrongPlace(f"{broker.address} has no topic {replies}")
        yield replies
        return
    replies = broker.topic(f"saga.conformance.{clock.now_ms():x}")
    await ensure_topics(broker, [TopicSpec(replies, REPLY_PARTITIONS)])
    topics[replies] = REPLY_PARTITIONS
    try:
        yield replies
    finally:
        await delete_topics(broker, [replies])
