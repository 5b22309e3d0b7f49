"""The ports of one node, and finding free ones."""

import random
import socket
from dataclasses import dataclass

HOST = "127.0.0.1"
# Below the ports that systems give to outgoing connections (from 32768 on Linux): a node that comes
# back after a crash needs its own again, and a client that retries must not have taken it.
CHOICE = range(20_000, 32_000)


@dataclass(frozen=True)
class Ports:
    """One port per listener; the secured ones are 0 when there are none."""

    broker: int
    controller: int
    sasl_ssl: int = 0
    ssl: int = 0


def free_ports(*, secured: bool) -> Ports:
    """Ports that nobody listens on."""
    chosen: list[int] = []
    wanted = 4 if secured else 2
    for port in random.sample(CHOICE, len(CHOICE)):
        if len(chosen) == wanted:
            break
        if _can_bind(port):
            chosen.append(port)
    broker, controller, *more = chosen
    return Ports(broker, controller, *more)


def all_free(ports: Ports) -> bool:
    """Whether every listener could have its port."""
    numbers = (ports.broker, ports.controller, ports.sasl_ssl, ports.ssl)
    return all(_can_bind(port) for port in numbers if port)


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Java does
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
