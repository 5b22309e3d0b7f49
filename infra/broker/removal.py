"""Topics that were made for a while are deleted again."""

from collections.abc import Sequence
from typing import Any

from aiokafka.errors import KafkaError, for_code

from infra.broker.clients import make_admin
from infra.broker.errors import TopicError
from infra.broker.settings import BrokerSettings

UNKNOWN_TOPIC = 3


async def delete_topics(settings: BrokerSettings, names: Sequence[str]) -> None:
    """Delete these topics (named as on the cluster), with all they hold; one that is not there is
    fine. Raises `TopicError` naming those that stay, and why.
    """
    admin = make_admin(settings)
    try:
        await admin.start()
        answer: Any = await admin.delete_topics(list(names))
    except (KafkaError, OSError) as error:
        raise TopicError(f"the topics {', '.join(names)} stay: {error}") from error
    finally:
        await admin.close()
    wrong = [
        f"{topic} ({for_code(code).__name__})"
        for topic, code in answer.topic_error_codes
        if code not in (0, UNKNOWN_TOPIC)
    ]
    if wrong:
        raise TopicError(f"these topics stay on {settings.address}: {', '.join(wrong)}")
