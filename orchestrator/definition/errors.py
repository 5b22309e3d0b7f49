"""Everything that can be wrong with what a saga was given."""


class SagaMistake(Exception):
    """A saga was given something wrong: a wrong definition, or an input that does not fit."""


class DefinitionError(SagaMistake):
    """A definition cannot work: ``place`` says where, ``reason`` why, ``remedy`` what to write."""

    def __init__(self, place: str, reason: str, remedy: str) -> None:
        super().__init__(f"{place}: {reason}. {remedy}.")
        self.place = place
        self.reason = reason
        self.remedy = remedy


class InvalidInput(SagaMistake):
    """The input of a saga does not follow its contract; the text says where and why."""


class UnknownDefinition(SagaMistake):
    """No saga of that name is defined here."""


class UnknownSignal(SagaMistake):
    """Sagas of that definition take no signal of that name."""
