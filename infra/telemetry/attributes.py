"""The names of all span attributes and events.

Where OpenTelemetry's semantic conventions have a name it is theirs (messaging, error, service);
what only a saga has begins with ``saga.``. No attribute holds the content of a message.
"""

from typing import Final

# -------------------------------------------- OpenTelemetry, semantic conventions for messaging
MESSAGING_SYSTEM: Final = "messaging.system"
KAFKA: Final = "kafka"
MESSAGING_OPERATION_NAME: Final = "messaging.operation.name"
MESSAGING_OPERATION_TYPE: Final = "messaging.operation.type"
SEND: Final = "send"
PROCESS: Final = "process"
MESSAGING_DESTINATION_NAME: Final = "messaging.destination.name"
MESSAGING_CONSUMER_GROUP_NAME: Final = "messaging.consumer.group.name"
MESSAGING_MESSAGE_ID: Final = "messaging.message.id"
MESSAGING_CONVERSATION_ID: Final = "messaging.message.conversation_id"

# --------------------------------------------------------------------- OpenTelemetry, general
ERROR_TYPE: Final = "error.type"
SERVICE_NAME: Final = "service.name"
SERVICE_INSTANCE_ID: Final = "service.instance.id"

# ------------------------------------------------------------------------------------- sagas
SAGA_ID: Final = "saga.id"
SAGA_TENANT: Final = "saga.tenant"
SAGA_DEFINITION: Final = "saga.definition"
SAGA_VERSION: Final = "saga.version"
SAGA_REQUEST_KEY: Final = "saga.request_key"
SAGA_STEP: Final = "saga.step"
SAGA_DIRECTION: Final = "saga.direction"
SAGA_ROUND: Final = "saga.round"
SAGA_ATTEMPT: Final = "saga.attempt"
SAGA_MESSAGE_TYPE: Final = "saga.message.type"
SAGA_OUTCOME: Final = "saga.outcome"
"""Of a saga: completed or failed; of a step or handler: succeeded, refused, failed or timeout."""
SAGA_CODE: Final = "saga.code"
SAGA_STATUS: Final = "saga.status"
"""The HTTP-like status of a refusal or failure."""
SAGA_UNDONE: Final = "saga.undone"
SAGA_SKIPPED: Final = "saga.skipped"
SAGA_OWED: Final = "saga.owed"
SAGA_RETRY_AT: Final = "saga.retry_at_ms"
SAGA_REPEATED: Final = "saga.repeated"
"""True where the effect stood already: nothing was done again."""
SAGA_CAUSE: Final = "saga.cause"
SAGA_REPAIR: Final = "saga.repair"
SAGA_SIGNAL: Final = "saga.signal"
SAGA_BY: Final = "saga.by"

# ----------------------------------------------------------------- events on a saga's own span
EVENT_TURNED: Final = "saga.turned"
EVENT_LATE: Final = "saga.late"
EVENT_COMPENSATING: Final = "saga.compensating"
EVENT_NEEDS_OPERATOR: Final = "saga.needs_operator"
EVENT_REPAIRED: Final = "saga.repaired"
EVENT_SIGNALLED: Final = "saga.signalled"
"""With the cause where it was refused."""
