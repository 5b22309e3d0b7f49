"""What can keep a chaos run from being carried out."""

from infra.errors import Mistake


class ChaosError(Mistake):
    """The run could not be carried out, so nothing is shown; the text says why."""
