"""The product service: a catalogue with prices."""

from services.product.handlers import participant

__all__ = ["participant"]
