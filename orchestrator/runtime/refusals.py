"""The starts that this process has refused lately, for whoever waits for them."""

from collections import OrderedDict
from typing import Final

from orchestrator.runtime.messages import Refused

REMEMBERED: Final = 10_000


class Refusals:
    """The newest refusal of each (tenant, definition, request key)."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[int, str, str], Refused] = OrderedDict()

    def remember(self, told: Refused) -> None:
        """This start was refused."""
        place = (told.tenant, told.definition, told.key)
        self._found[place] = told
        self._found.move_to_end(place)
        if len(self._found) > REMEMBERED:
            self._found.popitem(last=False)

    def find(self, tenant: int, definition: str, key: str) -> Refused | None:
        """Why the last start under this key was refused; None when none was."""
        return self._found.get((tenant, definition, key))
