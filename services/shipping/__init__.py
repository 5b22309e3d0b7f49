"""The shipping service: where users live, where it goes, and what is on its way."""

from services.shipping.handlers import participant
from services.shipping.shipments import mark_left

__all__ = ["mark_left", "participant"]
