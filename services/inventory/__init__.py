"""The inventory service: stock per product, and what is set aside for orders."""

from services.inventory.handlers import participant

__all__ = ["participant"]
