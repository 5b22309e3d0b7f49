"""What can be wrong with what a simulation is given."""

from infra.errors import Mistake


class SimulateError(Mistake):
    """The simulation cannot be run as it was asked for."""


class GivenError(SimulateError):
    """The given outcomes make no sense: ``place`` says where, ``reason`` why, ``remedy`` what to
    write.
    """

    def __init__(self, place: str, reason: str, remedy: str) -> None:
        super().__init__(f"{place}: {reason}. {remedy}.")
        self.place = place
        self.reason = reason
        self.remedy = remedy


class NotTimeless(AssertionError):
    """The engine decided differently for a reason that its situation does not show: what was
    remembered of one decision would be wrong for another.
    """
