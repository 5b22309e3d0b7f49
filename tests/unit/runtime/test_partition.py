"""A partition that is given up: others are followed behind what is ours, never beside it."""

import asyncio
from unittest.mock import Mock

from msgspec.structs import replace

from orchestrator.runtime import happenings as h
from orchestrator.runtime.ownership import Ownership
from orchestrator.runtime.partition import Partition
from orchestrator.runtime.services import NEVER

SPAN = h.Span(0, 0, 2, h.NOWHERE, base=5)
OWNER = Ownership("owner", log="L", epoch="e", expected=7)


def partition(own: Ownership) -> tuple[Partition, Mock]:
    """One that stands so, and what it asks of the house."""
    services = Mock()
    made = Partition(0, services, Mock())
    made.runs = Mock(committed=Mock(return_value=NEVER))
    made.own = own
    return made, services


async def test_it_is_followed_at_once_where_all_of_ours_is_written() -> None:
    one, services = partition(OWNER)
    one.tell(h.Revoked())
    services.follow.assert_called_once_with(0)


async def test_it_is_followed_once_what_was_confirmed_is_on_the_disk() -> None:
    """A full disk holds it up; written later, it would set back the file behind what was read."""
    one, services = partition(replace(OWNER, confirmed=(SPAN,)))
    one.tell(h.Revoked())
    services.follow.assert_not_called()
    one.committed([SPAN])
    services.follow.assert_called_once_with(0)


async def test_it_is_not_followed_when_it_is_ours_again_before_that() -> None:
    one, services = partition(replace(OWNER, confirmed=(SPAN,)))
    one.tell(h.Revoked())
    one.assigned()
    await asyncio.sleep(0)
    one.revoke()  # a moment later
    services.follow.assert_not_called()
    one.assigned()
    await asyncio.sleep(0)
    one.committed([SPAN])
    services.follow.assert_not_called()
    one.revoke()
    services.follow.assert_called_once_with(0)


async def test_what_contradicts_the_file_is_read_from_the_log() -> None:
    one, services = partition(replace(OWNER, confirmed=(SPAN,)))
    one.tell(h.Revoked())
    one.contradicted("the file was set aside")
    services.follow.assert_called_once_with(0)
