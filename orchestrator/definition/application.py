"""An application as plain data: what the bootstrap loads by name (DESIGN, "The house").

Every value is an import string ``package.module:attribute``, so that describing an application
imports none of its parts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Application:
    """The sagas, services, HTTP routers, CLI sub-commands, demo scenario and seed data of one
    product.

    - ``sagas``: each names a ``Saga`` (orchestrator.definition).
    - ``services``: service name -> its participant.
    - ``routers``: service -> a function ``(services) -> fastapi.APIRouter``: the routes over HTTP
      of the process that it runs in, which is given all services of that process.
    - ``commands``: CLI sub-command -> a ``typer.Typer``.
    - ``demo``: names the demo scenario; ``seed``: names a function ``() -> Mapping[str,
      object]`` with the seed data of every service, read from a file.
    - ``load``: names a function ``(number, fails) -> Case``: the sagas of ``saga bench``.
    - ``visits``: names a function ``(number, run) -> Visit``: what `saga bench http` asks about the
      n-th saga of a run, which has a name of its own.
    - ``contracts``: names of modules whose commands, replies and events the AsyncAPI page
      shows.
    """

    name: str
    sagas: tuple[str, ...]
    services: Mapping[str, str] = field(default_factory=dict[str, str])
    routers: Mapping[str, str] = field(default_factory=dict[str, str])
    commands: Mapping[str, str] = field(default_factory=dict[str, str])
    demo: str | None = None
    seed: str | None = None
    load: str | None = None
    visits: str | None = None
    contracts: tuple[str, ...] = ()
