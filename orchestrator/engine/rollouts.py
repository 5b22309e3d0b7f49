"""Which version of a definition a start gets while a new one is let in little by little.

A rollout is a rule: so many starts of a hundred, or those of certain request keys or tenants, get
the new version, and all others the one before. It is a pure function of tenant and request key, so
the same start gets the same version whoever decides it, and a larger share keeps those of a smaller
one.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import msgspec

WHOLE: Final = 10_000
"""All starts, in hundredths of a percent."""


class Rollout(msgspec.Struct, frozen=True, gc=False):
    """The rule for the starts of one definition, as it was asked for by ``request`` at a time
    (Unix milliseconds).

    Starts whose request key is one of ``keys``, whose tenant is one of ``tenants``, or which fall
    into the ``share`` (hundredths of a percent) get ``version``, the others ``base``. ``off``:
    there is no rule any more, and a start gets the version of the program that decides it.
    """

    definition: str
    request: str
    at: int
    by: str
    reason: str
    base: str = ""
    version: str = ""
    share: int = 0
    keys: tuple[str, ...] = ()
    tenants: tuple[int, ...] = ()
    off: bool = False

    def chosen(self, tenant: int, key: str) -> str:
        """The version that a start of this tenant and request key gets."""
        named = key in self.keys or tenant in self.tenants
        if named or bucket(tenant, self.definition, key) < self.share:
            return self.version
        return self.base


def bucket(tenant: int, definition: str, key: str) -> int:
    """Where a start stands among WHOLE: it is in every share above this."""
    # Not the hash that chooses the partition: a share would be whole partitions then.
    digest = sha256(f"rollout\0{tenant}\0{definition}\0{key}".encode()).digest()
    return int.from_bytes(digest[:8]) % WHOLE


def in_force(rollouts: Iterable[Rollout]) -> dict[str, Rollout]:
    """The rule for each definition: the latest one, in whatever order they were logged.

    So all partitions come to the same rule, also where two were asked for at the same time.
    """
    found: dict[str, Rollout] = {}
    for one in rollouts:
        before = found.get(one.definition)
        if before is None or (before.at, before.request) <= (one.at, one.request):
            found[one.definition] = one
    return {name: one for name, one in found.items() if not one.off}
