"""`saga order ...`: orders that are led through a lifecycle, from the command line."""

from services.orders.cli.commands import app

__all__ = ["app"]
