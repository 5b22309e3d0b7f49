"""Makes any process a participant in sagas: exactly-once effects, tombstones, replies.

```python
participant = Participant("payment", package=__package__)

@participant.handles(ChargePayment)
def charge(command: ChargePayment, work: Work) -> PaymentCharged: ...
```
"""

from services.participant.books import Books, Check
from services.participant.errors import (
    NotRunning,
    ParticipantError,
    Refusal,
    RegistrationError,
    SeedError,
    StorageFault,
    Unanswered,
)
from services.participant.flaky import flaky_call
from services.participant.health import Health
from services.participant.participant import Participant
from services.participant.runner import ParticipantRunner
from services.participant.running import Running
from services.participant.services import RunningServices
from services.participant.shared import Shared
from services.participant.waiters import Waiters
from services.participant.work import Work

__all__ = [
    "Books",
    "Check",
    "Health",
    "NotRunning",
    "Participant",
    "ParticipantError",
    "ParticipantRunner",
    "Refusal",
    "RegistrationError",
    "Running",
    "RunningServices",
    "SeedError",
    "Shared",
    "StorageFault",
    "Unanswered",
    "Waiters",
    "Work",
    "flaky_call",
]
