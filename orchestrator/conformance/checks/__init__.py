"""The checks, in the order in which they are made: those that may stop a participant come last."""

from typing import Final

from orchestrator.conformance.checks import basics, late, refusals, repeats, strangers, undoing
from orchestrator.conformance.checks.check import Check

CHECKS: Final[tuple[Check, ...]] = (
    *basics.CHECKS,
    *repeats.CHECKS,
    *undoing.CHECKS,
    *late.CHECKS,
    *refusals.CHECKS,
    *strangers.CHECKS,
)
