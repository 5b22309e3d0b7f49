"""The front door for orders: its own view of each, and a participant in their cancellation, and in
the lifecycle of those that have one.

``followers``, ``lifecycle.handlers``, ``lifecycle.followers`` and ``sweeper`` register what they do
with the participant.
"""

from services.orders import followers, sweeper
from services.orders.handlers import participant
from services.orders.http import router

__all__ = ["followers", "participant", "router", "sweeper"]
