"""Makes all checks of one participant, one after another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.topics import REPLIES
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

OWN_REPLIES: Final = "saga.conformance"
REPLY_PARTITIONS: Final = 2
REPLY_CONFIG: Final = {"retention.ms": "3600000"}

Tell = Callable[[Result], None]


@dataclass(frozen=True)
class Wanted:
    """What is to be examined.

    - ``topic``: the participant's commands, without the cluster's topic prefix.
    - ``patience_s``: how long an answer may take.
    - ``replies``: the topic for the replies, without prefix; made if it is missing.
    - ``first``: the first number for ``{{unique}}``; None takes one made of the time.
    - ``only``: the names of the checks to make; none means all.
    """

    topic: str
    examples: Examples
    patience_s: float = 10.0
    replies: str = OWN_REPLIES
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
    replies = await _reply_topic(broker, wanted.replies, topics)
    async with Post(broker, topics, topic, replies) as post:
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


async def _reply_topic(broker: BrokerSettings, name: str, topics: dict[str, int]) -> str:
    """The topic for the replies, made if it is missing; ``topics`` has it afterwards.

    It stays: a participant would go on asking for one that it has written to and that is deleted.
    """
    if name == REPLIES:
        raise WrongPlace(f"{name} is the orchestrator's; the kit needs a topic of its own")
    topic = broker.topic(name)
    if topic not in topics:
        await ensure_topics(broker, [TopicSpec(topic, REPLY_PARTITIONS, REPLY_CONFIG)])
        topics[topic] = REPLY_PARTITIONS
    return topic
