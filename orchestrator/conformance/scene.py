"""What a check plays with: commands, and what is answered to them."""

from infra.clock import Clock
from orchestrator.conformance.answers import Answer, about, answers
from orchestrator.conformance.commands import Command, Effect
from orchestrator.conformance.examples import Examples
from orchestrator.conformance.post import Post
from orchestrator.conformance.script import Script
from orchestrator.conformance.verdicts import Silence, Wrong


class Scene(Script):
    """A script that is played: commands are sent, and answers awaited for ``patience_s`` each."""

    def __init__(
        self,
        post: Post,
        examples: Examples,
        clock: Clock,
        patience_s: float,
        first: int | None = None,
    ) -> None:
        super().__init__(examples, clock, (post.replies, post.reply_partitions), first)
        self.post = post
        self.patience_s = patience_s
        self._standing: dict[Effect, int] = {}

    async def ask(self, *commands: Command) -> list[Answer]:
        """Send them in one batch, and their answers in the same order; raises Silence.

        The order in which they are answered is the participant's affair.
        """
        mark = len(self.post.heard)
        await self.post.send(self._addressed(c, c.encoded()) for c in commands)
        wanted = {c.id: c for c in commands}
        counts = {id: sum(c.id == id for c in commands) for id in wanted}

        def heard(id: str) -> list[Answer]:
            return [a for a in self.post.since(mark) if answers(a, wanted[id])]

        def complete() -> bool:
            return all(len(heard(id)) >= count for id, count in counts.items())

        if not await self.post.until(complete, self.patience_s):
            missing = next(id for id, count in counts.items() if len(heard(id)) < count)
            raise self._silent(wanted[missing], counts[missing], heard(missing), mark)
        found = {id: iter(heard(id)) for id in wanted}
        told = [next(found[c.id]) for c in commands]
        self._keep_in_mind(commands, told)
        return told

    async def one(self, command: Command) -> Answer:
        """Send one command; its answer. Raises Silence."""
        (answer,) = await self.ask(command)
        return answer

    async def settled(self, command: Command) -> Answer | None:
        """Send a command that cannot be handled: its answer or dead letter; None for neither."""
        mark, value = len(self.post.heard), command.encoded()
        await self.post.send([self._addressed(command, value)])

        def found() -> Answer | None:
            reply = (a for a in self.post.since(mark) if answers(a, command))
            return next(reply, None) or self.post.letter(value, mark)

        await self.post.until(lambda: found() is not None, self.patience_s)
        return found()

    async def alive(self, partition_like: Command | None = None) -> bool:
        """Whether a fresh command is answered, on the partition of that one."""
        effect = self.effect() if partition_like is None else self.beside(partition_like)
        if self.examples.do is None:
            return await self.settled(self.do(effect)) is not None
        try:
            await self.one(self.do(effect))
        except Wrong:
            return False
        return True

    def beside(self, command: Command) -> Effect:
        """A fresh effect whose commands go to the same partition as this one."""
        wanted = command.partition(self.post.partitions)
        while True:
            effect = self.effect()
            if self.do(effect).partition(self.post.partitions) == wanted:
                return effect

    def _addressed(self, command: Command, value: bytes) -> tuple[int, bytes, bytes]:
        return command.partition(self.post.partitions), command.effect.key, value

    def _silent(
        self, command: Command, wanted: int, heard: list[Answer], mark: int
    ) -> Silence | Wrong:
        expected = f"an answer to each command ({command})"
        if heard:
            return Wrong(expected, f"{len(heard)} answers to {wanted} commands")
        other = next((a for a in self.post.since(mark) if about(a, command)), None)
        if other is not None:
            return Wrong(expected, f"an answer with id {other.message.get('id')!r} instead")
        return Silence(expected, f"none within {self.patience_s:g} s")

    def _keep_in_mind(self, commands: tuple[Command, ...], told: list[Answer]) -> None:
        for command, answer in zip(commands, told, strict=True):
            if answer.outcome != "succeeded":
                continue
            standing = self._standing.get(command.effect, 0)
            if command.direction == "do":
                self._standing[command.effect] = max(standing, command.round)
            elif command.round >= standing:
                self._standing.pop(command.effect, None)

    @property
    def standing(self) -> int:
        """How many effects of the examples stand."""
        return len(self._standing)

    async def tidy(self) -> int:
        """Undo what still stands of the examples; how many effects are left."""
        if self.examples.undo is not None and self._standing:
            undone = [self.undo(effect, n + 1) for effect, n in self._standing.items()]
            try:
                await self.ask(*undone)
            except Wrong:
                return self.standing
        return self.standing
