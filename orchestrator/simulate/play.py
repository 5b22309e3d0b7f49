"""One run: sagas of a family on one virtual clock, with the luck of the run.

What happens next is the earliest of the messages under way and of what is due. At the same
millisecond messages come first, as the runtime reads them first (DESIGN law 5), each in the order
in which it was sent. Nothing waits for anything else: no queue, no load, no clock that is late.
"""

from heapq import heappop, heappush
from typing import Final, NamedTuple

from orchestrator.simulate.actor import Actor, Chain
from orchestrator.simulate.answers import Answer, wake
from orchestrator.simulate.luck import Luck
from orchestrator.simulate.outcomes import Kind, Part
from orchestrator.simulate.situation import NEVER, Child, Edge, End
from orchestrator.simulate.stage import Stage
from orchestrator.simulate.timeless import DEADLINE

BEGIN: Final = 1 << 30
"""When every run begins, in milliseconds; 0 would mean no time at all."""
LONGEST: Final = 20_000
"""So many messages and timers are enough for one run: what goes on then goes on for ever."""
_HALT: Final = 0
_ENDLESS: Final = End("endless", "", "")


class Played(NamedTuple):
    """How one run went; ``ms`` is how long it took, ``chain`` what that time was spent on,
    ``touched`` are the policies that it looked at.
    """

    end: End
    ms: int
    in_time: bool
    chain: Chain | None
    touched: int


class Play:
    """The runs of one block, one after another; ``quick`` ones are over once it is certain that
    the saga will not be done in time.
    """

    def __init__(self, stage: Stage, luck: Luck, quick: bool = False) -> None:
        self._stage = stage
        self._quick = quick
        self._luck = luck
        self._number = 0
        self._touched = 0
        self._queue: list[tuple[int, int, Actor, int, Chain | None]] = []
        self._order = 0

    def run(self, number: int) -> Played:
        """The run of this number in its block."""
        self._number, self._touched, at = number, 0, BEGIN
        self._queue.clear()
        root = Actor(self._stage.root)
        actors = [root]
        self._begin(root, BEGIN, None, None)
        for _ in range(LONGEST):
            moment = self._next(actors)
            if moment is None:
                break
            at, actor, key, link = moment
            if actor.situation is None:
                if self._begin(actor, at, key, link):
                    actors.append(actor)
                continue
            edges = actor.edges(at)
            edge = edges.get(key)
            if edge is None:
                edge = actor.automaton.explore(actor.situation, actor.times(), at, key)
                edges[key] = edge
            if self._quick and edge.lost is not None and actor is root:
                return Played(edge.lost, at - BEGIN, False, None, self._touched)
            if edge.end is None:
                if edge.moves:
                    self._take(actor, edge, at, link)
                continue
            in_time = edge.end.status == "completed" and actor.in_time(at)
            self._take(actor, edge, at, link)
            if actor is root or edge.end.status == "needs_operator":
                return Played(edge.end, at - BEGIN, in_time, actor.link, self._touched)
            actors.remove(actor)
            self._report(actor, at)
        return Played(_ENDLESS, at - BEGIN, False, None, self._touched)

    def _next(self, actors: list[Actor]) -> tuple[int, Actor, int, Chain | None] | None:
        """What comes next: when, to whom, what, and what led to it. None: nothing ever."""
        queue, actor = self._queue, actors[0]
        for one in actors:
            if one.wake < actor.wake:
                actor = one
        at = actor.wake
        while queue and queue[0][0] <= at:
            then, _, to, key, link = heappop(queue)
            if to.end is None:  # whoever has ended is told nothing any more
                return then, to, key, link
        return None if at >= NEVER else (at, actor, wake(actor.due(at)), None)

    def _begin(self, actor: Actor, at: int, until: int | None, link: Chain | None) -> bool:
        """A saga begins: the one that is simulated, or a child of it. False: it is over with that,
        as the deadline of its parent has passed.
        """
        edge, deadline = actor.automaton.start(at, until)
        actor.dues[DEADLINE] = deadline or NEVER
        actor.since = [at] * len(actor.dues)
        actor.chain = [link] * len(actor.dues)
        actor.link = link
        actor.keep_clock(edge, at)
        actor.end = edge.end
        self._go_on(actor, edge, at)
        if edge.end is not None:
            self._report(actor, at)
        return edge.end is None

    def _take(self, actor: Actor, edge: Edge, at: int, link: Chain | None) -> None:
        """A decision that changes something; ``link`` is what led to the answer of a child."""
        since, chain = actor.since, actor.chain
        slot, label = edge.closes[0]
        if link is None:
            link = (chain[slot], label, at - since[slot])
        if len(edge.closes) > 1:
            links = {one: (chain[one], label, at - since[one]) for one, label in edge.closes}
            links[slot] = link
            for one, reason in edge.opens:
                chain[one], since[one] = links[reason], at
        else:
            for one, _ in edge.opens:
                chain[one], since[one] = link, at
        actor.link = link
        if edge.late:
            actor.late = True
        if edge.clock:
            actor.keep_clock(edge, at)
        actor.end = edge.end
        self._go_on(actor, edge, at)

    def _go_on(self, actor: Actor, edge: Edge, at: int) -> None:
        """What is due from now on, and what goes out."""
        dues = actor.dues
        actor.situation = edge.target
        self._touched |= edge.touched
        for slot, offset in edge.timers:
            dues[slot] = at + offset
        actor.wake = min(dues if edge.target.ticking else dues[1:])
        luck, number = self._luck, self._number
        for send in edge.sends:
            if send.luck is not luck:
                send.column = luck.column(send.part, send.round, send.attempt)
                send.luck = luck
            send.asked += 1
            index, ms = send.column.drawn[number] or send.column.draw(number)
            if ms >= 0:
                self._order += 1
                heappush(self._queue, (at + ms, self._order, actor, send.keys[index], None))
        if edge.family:
            for child in edge.children:
                self._ask(actor, child, at)
            for slot in edge.halts:
                self._halt(actor, slot, at)

    def _ask(self, actor: Actor, asked: Child, at: int) -> None:
        """A child is begun, once for each round; asked again after its end, it tells that again."""
        place = (asked.slot, asked.round)
        child = actor.children.get(place)
        if child is not None:
            if child.end is not None:
                self._report(child, at)
            return
        child = Actor(self._stage.automata[asked.saga], actor)
        child.place = place
        actor.children[place] = child
        deadline = actor.dues[DEADLINE]
        until = deadline if asked.until and deadline < NEVER else 0
        hop = self._hop(child, 1)
        child.begins = at + hop
        self._send(child.begins, child, until, self._between(child, actor.chain[asked.slot], hop))

    def _halt(self, actor: Actor, slot: int, at: int) -> None:
        """Children of this step are told to stop; nobody is told before it has begun."""
        for child in actor.children.values():
            if child.place[0] == slot and child.end is None:
                self._send(max(at + self._hop(child, 3), child.begins), child, _HALT, None)

    def _report(self, child: Actor, at: int) -> None:
        """A child tells its parent how it ended."""
        parent, end = child.parent, child.end
        assert parent is not None and end is not None
        step, number = self._step(child).step, child.place[1]
        kind: Kind = "works" if end.status == "completed" else "refuses"
        key = parent.automaton.answers.number(Answer(step, "do", number, 1, kind, end.code))
        hop = self._hop(child, 2)
        self._send(at + hop, parent, key, self._between(child, child.link, hop))

    def _send(self, at: int, to: Actor, key: int, link: Chain | None) -> None:
        self._order += 1
        heappush(self._queue, (at, self._order, to, key, link))

    def _hop(self, child: Actor, number: int) -> int:
        """How long a message between this child and its parent takes, in milliseconds."""
        return self._luck.column(self._step(child), child.place[1], number).draw(self._number)[1]

    def _between(self, child: Actor, link: Chain | None, hop: int) -> Chain:
        return link, self._stage.labels.number(self._step(child), "between"), hop

    @staticmethod
    def _step(child: Actor) -> Part:
        assert child.parent is not None
        automaton = child.parent.automaton
        return Part(automaton.name, automaton.names[child.place[0] - 1], "do")
