"""Two services that do as their commands say: succeed, refuse, fail, hang (`saga chaos`)."""

from services.chaos.handlers import east, west

__all__ = ["east", "west"]
