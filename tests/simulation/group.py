"""A consumer group as its coordinator keeps it: eager rebalances, static members, sessions.

Heartbeats are not sent one by one: the simulation knows which node is silent, and since when.
"""

from typing import TYPE_CHECKING, Any

from aiokafka.errors import IllegalGenerationError, UnknownMemberIdError

from infra.broker.types import TopicPartition
from tests.simulation.loop import Node

if TYPE_CHECKING:
    from tests.simulation.broker import Broker

Assigned = dict[str, list[TopicPartition]]


class Member:
    """One member: its consumer, and whether it has joined the rebalance under way."""

    def __init__(self, consumer: Any, name: str) -> None:
        self.consumer = consumer
        self.name = name
        self.answer: Any = None  # how the join that is under way is answered
        self.expiry: Any = None


class Group:
    """One group. ``offsets`` are what was committed; ``generation`` counts rebalances."""

    def __init__(self, broker: "Broker", name: str) -> None:
        self.name = name
        self.offsets: dict[TopicPartition, int] = {}
        self.best: dict[TopicPartition, int] = {}  # the most that was ever committed
        self.generation = 0
        self._broker = broker
        self._members: dict[str, Member] = {}
        self._assigned: Assigned = {}
        self._rebalancing = False

    # --------------------------------------------------------------------------------- members

    def join(self, consumer: Any, name: str, answer: Any) -> None:
        """A member joins, or joins again; ``answer`` gets the generation and its partitions.

        A static member that comes back before its session has ended takes its seat again, and
        nobody else hears of it.
        """
        if not consumer.node.alive:
            return  # a coordinator forgets who waits when their connection goes
        known = self._members.get(name)
        if known is not None and known.consumer is not consumer and not self._rebalancing:
            self._take_seat(known, consumer)
            answer((self.generation, self._assigned.get(name, [])))
            return
        member = self._members[name] = known or Member(consumer, name)
        self._take_seat(member, consumer)
        member.answer = answer
        if not self._rebalancing:
            self.rebalance()
        self._try_complete()

    def _take_seat(self, member: Member, consumer: Any) -> None:
        if member.expiry is not None:
            member.expiry.cancel()
            member.expiry = None
        if member.consumer is not consumer:
            member.answer = None
        member.consumer = consumer

    def rebalance(self) -> None:
        """Everybody must join again."""
        self._rebalancing = True
        self._broker.note(f"group {self.name} rebalances")
        for member in self._members.values():
            if member.answer is None:
                self._tell(member, True)

    def _try_complete(self) -> None:
        if any(member.answer is None for member in self._members.values()):
            return
        self._rebalancing = False
        self.generation += 1
        self._assigned = self._range()
        self._broker.note(f"group {self.name} generation {self.generation}")
        for member in self._members.values():
            answer, member.answer = member.answer, None
            answer((self.generation, self._assigned[member.name]))

    def _range(self) -> Assigned:
        """The range assignor: each topic's partitions in consecutive ranges, by member name."""
        found: Assigned = {name: [] for name in self._members}
        topics = sorted({t for m in self._members.values() for t in m.consumer.topics})
        for topic in topics:
            names = sorted(n for n, m in self._members.items() if topic in m.consumer.topics)
            logs = self._broker.topics.get(topic, [])
            each, more = divmod(len(logs), len(names))
            start = 0
            for n, name in enumerate(names):
                stop = start + each + (1 if n < more else 0)
                found[name] += [log.place for log in logs[start:stop]]
                start = stop
        return found

    def leave(self, consumer: Any) -> None:
        """A member goes for good."""
        for name, member in list(self._members.items()):
            if member.consumer is consumer:
                self._remove(name)

    def _remove(self, name: str) -> None:
        member = self._members.pop(name)
        if member.expiry is not None:
            member.expiry.cancel()
        self._broker.note(f"group {self.name} loses a member")
        if not self._members:
            self._rebalancing = False
            return
        if not self._rebalancing:
            self.rebalance()
        self._try_complete()

    def _tell(self, member: Member, known: bool) -> None:
        consumer, broker = member.consumer, self._broker
        delay = broker.delay() + broker.chance.random()  # by its next heartbeat
        context = consumer.node.context
        broker.loop.call_later(delay, consumer.told, known, self.generation, context=context)

    # -------------------------------------------------------------------------------- sessions

    def silent(self, node: Node) -> None:
        """No heartbeats from this node from now on."""
        for name, member in self._members.items():
            if member.consumer.node is node and member.expiry is None:
                self._watch(name, member)

    def _watch(self, name: str, member: Member) -> None:
        def expired() -> None:
            if self._broker.up:
                self._tell(member, False)
                self._remove(name)
            else:  # sessions begin anew when the coordinator is back
                self._watch(name, member)

        member.expiry = self._broker.loop.call_later(
            member.consumer.session_s, expired, context=self._broker.node.context
        )

    def heard(self, node: Node) -> None:
        """Heartbeats again."""
        for member in self._members.values():
            if member.consumer.node is node and member.expiry is not None:
                member.expiry.cancel()
                member.expiry = None

    # --------------------------------------------------------------------------------- offsets

    def commit(
        self, consumer: Any, generation: int | None, offsets: dict[TopicPartition, int]
    ) -> None:
        """Commit; raises what tells a member that it is none any more."""
        if generation is None:
            if self._members:  # a hand-assigned consumer in a group that is active
                raise UnknownMemberIdError()
        else:
            if all(member.consumer is not consumer for member in self._members.values()):
                raise UnknownMemberIdError()
            if generation != self.generation:
                raise IllegalGenerationError()
        self.offsets.update(offsets)
        for place, offset in offsets.items():
            self.best[place] = max(offset, self.best.get(place, 0))
