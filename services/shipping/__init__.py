"""The shipping service: where users live, where it goes, and what is on its way.

``packages`` registers what it does with the participant.
"""

from services.shipping import packages
from services.shipping.handlers import participant
from services.shipping.shipments import mark_left

__all__ = ["mark_left", "packages", "participant"]
