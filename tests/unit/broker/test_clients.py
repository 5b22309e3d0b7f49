"""Consumers that cannot start."""

import pytest
from aiokafka.errors import InvalidRequestError, KafkaError

from infra.broker.clients import start_consumer
from infra.broker.errors import GroupTaken
from infra.broker.settings import BrokerSettings


class Refused:
    """A consumer that the broker does not take into its group."""

    def __init__(self, why: Exception) -> None:
        self.why = why
        self.stopped = False

    async def start(self) -> None:
        raise self.why

    async def stop(self) -> None:
        self.stopped = True


@pytest.mark.parametrize(
    ("embedded", "why", "raised"),
    [
        (True, KafkaError(f"Unexpected: {InvalidRequestError()}"), GroupTaken),
        (True, KafkaError("the disk is full"), KafkaError),
        (False, InvalidRequestError(), InvalidRequestError),
    ],
)
async def test_a_second_member_on_the_embedded_broker_is_told_so_and_every_other_error_as_it_is(
    embedded: bool, why: Exception, raised: type[Exception]
) -> None:
    consumer = Refused(why)
    with pytest.raises(raised) as told:
        await start_consumer(BrokerSettings.local("127.0.0.1:1", embedded=embedded), consumer)
    assert consumer.stopped
    if raised is GroupTaken:
        assert "one consumer a group" in str(told.value)
    else:
        assert told.value is why
