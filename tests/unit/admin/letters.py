"""Dead letters of the admin's tests, in a list."""

import msgspec

from orchestrator.admin.dead_letters import RedriveRefused
from orchestrator.admin.letters import Letter, Mark


class FakeLetters:
    """Dead letters in a list."""

    def __init__(self, *letters: Letter) -> None:
        self.letters = {letter.id: letter for letter in letters}

    async def page(self, tenant: int, after: int | None, limit: int, done: bool) -> list[Letter]:
        """The newest ones below `after`."""
        found = [
            letter
            for id, letter in sorted(self.letters.items(), reverse=True)
            if (after is None or id < after) and (done or letter.redriven is None)
        ]
        return [letter for letter in found if letter.tenant == tenant][:limit]

    async def get(self, tenant: int, letter: int) -> Letter | None:
        """One of them."""
        found = self.letters.get(letter)
        return found if found and found.tenant == tenant else None

    async def redrive(self, tenant: int, letter: int, by: str, again: bool) -> Letter | None:
        """Mark one."""
        found = await self.get(tenant, letter)
        if found is None:
            return None
        if found.redriven and not again:
            raise RedriveRefused("was sent again already")
        self.letters[letter] = msgspec.structs.replace(found, redriven=Mark(1, "n", by, 5))
        return found
