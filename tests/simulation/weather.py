"""How the network to the simulated cluster is."""

from dataclasses import dataclass


@dataclass
class Weather:
    """How the network is: seconds a message takes, and how likely what goes wrong is."""

    slow_s: float = 0.002
    spike: float = 0.0
    spike_s: float = 0.3
    refused: float = 0.0
    lost_request: float = 0.0
    lost_answer: float = 0.0
    stuck: float = 0.0  # a request that arrives when everybody has given it up

    def fair(self) -> "Weather":
        """The same network on a good day."""
        return Weather(min(self.slow_s, 0.01))
