"""One process of the small world in the middle of a step.

The ownership is the runtime's own machine, asked through ``ownership.step``; around it stands what
the runtime's I/O does, with the name of the module that does it.

Three kinds of work are done at once, in the step that asks for them, and no behaviour is lost:

- effects are *begun* as soon as they may be: to act sooner is the worse case for every property,
  and whether they *arrived* stays open (``Sending``);
- reading up to a claim, or between two offsets, in a topic that never changes what it holds: what
  it finds is the same at any time (a topic that can lose records is read at any time);
- comparing the file with such a topic once it has a name: it always fits.

What a scope does ``at_once`` besides is a narrower question, and said there.
"""

from orchestrator.runtime import happenings as h
from orchestrator.runtime import ownership
from orchestrator.runtime.errors import IllegalEvent
from orchestrator.runtime.ownership import Ownership
from orchestrator.sagalog.fold import PartitionFacts
from tests.property.runtime import reading
from tests.property.runtime.small_world import (
    Entry,
    File,
    Item,
    Owner,
    Row,
    Run,
    Scope,
    Sending,
    Shared,
    decision,
    united,
)


class Actor:
    """One process in the middle of a step."""

    def __init__(self, scope: Scope, shared: Shared, owner: Owner) -> None:
        self.scope = scope
        self.shared = shared
        self.owner = owner
        self.broken = ""

    @property
    def own(self) -> Ownership:
        """What the machine says."""
        return self.owner.own

    def set(self, **changes: object) -> None:
        """Change the process."""
        self.owner = self.owner._replace(**changes)  # type: ignore[arg-type]

    def share(self, **changes: object) -> None:
        """Change what all share."""
        self.shared = self.shared._replace(**changes)  # type: ignore[arg-type]

    def known(self) -> list[str]:
        """What decisions are made on: the file, and the runs that are under way (``Desk``)."""
        under_way = [entry.kind for run in self.owner.runs for entry in run.entries]
        return [*(row.kind for row in self.owner.file.rows), *under_way]

    # ------------------------------------------------------------------- driving (``Partition``)

    def tell(self, event: h.Event) -> None:
        """Tell the machine, and see to what it says."""
        try:
            own, actions = ownership.step(self.own, event)
        except IllegalEvent as error:
            self.broken = f"an event that cannot happen: {error}"
            return
        self.set(own=own)
        for action in actions:
            if not self._carry_out(action) and not self._at_once(action):
                self.set(todo=(*self.owner.todo, action))

    def _carry_out(self, action: h.Action) -> bool:
        """What takes no time."""
        match action:
            case h.Relinquish(_, again):
                self._relinquish(again)
            case h.AppendClaim(log, epoch):
                claim = Item(epoch, None, (Entry(epoch, log=log),))
                self.set(lane=(*self.owner.lane, claim))
            case h.Append(span):
                run = next(run for run in self.owner.runs if run.span == span.id)
                item = Item(self.own.epoch, span.id, run.entries)
                self.set(lane=(*self.owner.lane, item))
            case h.Act(spans):
                self._act(spans)
            case h.Own(_):
                self._owned()
            case h.SetAside(_):
                self.set_aside()
            case _:
                return False
        return True

    def _at_once(self, action: h.Action) -> bool:
        """What takes time, and makes no difference by it; else it is put off."""
        steady = not self.scope.lossy
        match action:
            case h.Commit(_):  # what is confirmed is written at any time
                if "sqlite" in self.scope.at_once:
                    self.commit()
            case h.Inspect(_) if self.shared.log and steady:
                self.inspect()
            case h.ReadUpTo() if steady:
                self.read_up_to(action)
            case h.ReadBetween(start, stop) if steady:
                self.read_between(start, stop)
            case _:
                return False
        return True

    def _relinquish(self, again: bool) -> None:
        """Tasks end; what is on the wire stays there, and effects that were begun do arrive or not:
        nobody here hears of it, so leaving them out keeps only the worse case.
        """
        spans = {span.id for span in self.own.confirmed}
        runs = tuple(run for run in self.owner.runs if run.span in spans)
        self.set(runs=runs, todo=(), sending=(), position=-1)
        if again:  # the producer is not used again (``LogWriter``)
            self.set(stray=(*self.owner.stray, self.owner.lane), lane=())

    def _act(self, spans: tuple[h.Span, ...]) -> None:
        runs = {run.span: run for run in self.owner.runs}
        for span in spans:
            run = runs.pop(span.id)
            effects = "".join(entry.kind for entry in run.entries) + run.answers
            self.send(span.id, effects)
        self.set(runs=tuple(runs.values()))

    def send(self, span: int, effects: str) -> None:
        """Begin to send; what has no effects is done at once."""
        self.share(acted=united(self.shared.acted, effects))
        if effects and "arrivals" in self.scope.at_once:
            self.share(delivered=united(self.shared.delivered, effects))
        elif effects:
            sending = Sending(self.own.epoch, span, effects)
            self.set(sending=(*self.owner.sending, sending))
            return
        self.tell(h.Done(self.own.epoch, span))

    def _owned(self) -> None:
        """``Claiming.take_over``: what lies behind the sent mark goes out again."""
        behind = [r.kind for r in self.owner.file.rows if self.own.sent < r.offset]
        self.set(todo=(*self.owner.todo, h.Own(self.own.sent)))  # opens the inputs
        self.send(h.RESEND, "".join(behind))

    # --------------------------------------------------------------- what takes time (``Claiming``)

    def inspect(self) -> None:
        """``Adopter.inspect``, and fresh ids."""
        log, matches = reading.compare(self.shared.log, self.own.file)
        fresh = str(self.shared.claims)
        self.share(claims=self.shared.claims + 1)
        self.tell(h.Inspected(log, matches, f"log{fresh}", f"e{fresh}"))

    def read_up_to(self, action: h.ReadUpTo) -> None:
        """``Adopter.read``."""
        epoch = self.own.epoch
        stop = action.offset + 1
        if stop > len(self.shared.log):
            self.tell(h.Failed(epoch, "the claim is gone"))
            return
        try:
            file = reading.read(self.owner.file, self.shared.log, stop, action.again)
        except reading.Contradiction:
            self.tell(h.Adopted(epoch, -1, foreign=True))
            return
        self.set(file=file)
        if file.facts is None or file.facts.epoch != epoch:
            self.tell(h.Failed(epoch, "our claim does not count"))
        else:
            self.tell(h.Adopted(epoch, file.facts.sent, missing=bool(file.displaced)))

    def read_between(self, start: int, stop: int) -> None:
        """``Adopter.claimed_between``."""
        claimed = reading.claimed(self.shared.log, start, stop)
        self.tell(h.ReadBetweenDone(self.own.epoch, claimed))

    def open(self) -> None:
        """``KafkaInputs.open``: from where the machine says, else from the group's offset."""
        start = self.own.inputs[0]
        self.set(position=start if start >= 0 else self.shared.committed)

    def refill(self, action: h.Refill) -> None:
        """The next displaced row is appended again; when none is left, that is told."""
        under_way = {entry.kind for run in self.owner.runs for entry in run.entries}
        rows = [row for row in self.owner.file.displaced if row.kind not in under_way]
        self.set(todo=(action,))
        if rows:
            self.decide_run([rows[0].kind], by=rows[0].by)
        else:
            self.set(todo=())
            self.tell(h.Refilled(self.own.epoch))

    # ------------------------------------------------------------------------ deciding (``Runs``)

    def decide_run(self, kinds: list[str], answers: str = "", by: str = "") -> None:
        """Close a run of these transitions and answers: ``Runs.close``."""
        own = self.own
        entries = tuple(
            Entry(own.epoch, own.seq + n, kind, by or own.epoch, own.sent)
            for n, kind in enumerate(kinds)
        )
        run = Run(own.spans, own.epoch, entries, answers)
        self.set(runs=(*self.owner.runs, run))
        covers = (self.owner.position, 0)
        self.tell(h.Decided(own.epoch, len(entries), covers, bool(answers)))

    def decide(self, count: int) -> None:
        """Take the next inputs: ``Partition.take``."""
        known, kinds, answers = self.known(), list[str](), ""
        start = self.owner.position
        for given in self.scope.inputs[start : start + count]:
            kind, answer = decision(given, [*known, *kinds])
            kinds += [kind] if kind else []
            answers += answer
        self.set(position=start + count)
        self.decide_run(kinds, answers)

    # ------------------------------------------------------------------------- keeping (``House``)

    def commit(self) -> None:
        """One SQLite transaction for all that is confirmed."""
        spans = self.own.confirmed
        runs = {run.span: run for run in self.owner.runs}
        file, last = self.owner.file, spans[-1]
        rows = file.rows
        try:
            for span in spans:
                for offset, entry in enumerate(runs[span.id].entries, span.base):
                    rows = reading.put(rows, Row(entry.kind, entry.by, offset))
        except reading.Contradiction:
            self.set_aside()
            self.tell(h.Contradicted("the file holds something else"))
            self.set(runs=())
            return
        facts = PartitionFacts(
            0,
            self.own.log,
            runs[last.id].epoch,
            last.first + last.count,
            last.base + last.count - 1,
            self.own.sent,
        )
        self.set(file=File(rows, facts))
        self.tell(h.Committed(len(spans)))
        gone = {span.id for span in spans}
        self.set(runs=tuple(run for run in self.owner.runs if run.span not in gone))

    def set_aside(self) -> None:
        """The file is kept somewhere else, and that is said."""
        self.share(aside=tuple(sorted({*self.shared.aside, *self.owner.file.rows})))
        self.set(file=File())

    def follow(self) -> None:
        """Read one more record of somebody else's: ``Following``."""
        log, file = self.shared.log, self.owner.file
        name, matches = reading.compare(log, file.mark)
        if file.facts is not None and not matches:
            if file.facts.log == name and len(log) <= file.facts.offset:
                return  # shorter than our file: whoever is assigned will fill it
            if name:
                self.set_aside()
        stop = self.owner.file.facts.offset + 2 if self.owner.file.facts else 1
        try:
            self.set(file=reading.read(self.owner.file, log, min(stop, len(log)), False))
        except reading.Contradiction:
            self.set_aside()

    # -------------------------------------------------------------------------------- the network

    def land(self, item: Item) -> int:
        """The append reaches the topic; its offset."""
        offset = len(self.shared.log)
        self.share(log=(*self.shared.log, *item.entries))
        return offset

    def land_next(self) -> None:
        """The next append of the present producer reaches the topic; its answer sets out."""
        item, *rest = self.owner.lane
        offset = self.land(item)
        answer: h.Event = (
            h.ClaimAcknowledged(item.epoch, offset)
            if item.span is None
            else h.Acknowledged(item.epoch, item.span, offset)
        )
        self.set(lane=tuple(rest))
        if "answers" in self.scope.at_once:
            self.tell(answer)
        else:
            self.set(answers=(*self.owner.answers, answer))
