"""What can go wrong in a participant, and how a handler says no."""

from infra.errors import Mistake


class ParticipantError(Mistake):
    """A participant cannot be what its code says, or cannot go on."""


class RegistrationError(ParticipantError):
    """A handler does not fit the contract it is registered for."""


class StorageFault(ParticipantError):
    """The database cannot be read or written: nothing may be acted on or acknowledged."""


class SeedError(ParticipantError):
    """The seed data of a service is not what it should be."""


class NotRunning(ParticipantError):
    """The participant has not been started, or has been stopped."""


class Unanswered(Exception):
    """A handler that never ends, as far as anybody can see: what it wrote is undone, nothing is
    stored, and nobody is answered. Only the orchestrator's timeout tells of it (DESIGN law 5).
    """


class FlakyFailure(Exception):
    """A failure that was asked for (SAGA_SERVICE_FLAKY): no proof of anything."""


class Refusal(Exception):
    """A handler's definite no, for a reason of the business: nothing was done, and it stays so.

    ``code`` is one that the command declares (``Command.refusals``); ``reason`` is for people.
    Raising it undoes what the handler wrote (DESIGN law 5).
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
