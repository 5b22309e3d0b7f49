"""Which commands there are. Their modules are imported when called: each must be quick."""

from typing import Final, NamedTuple


class Entry(NamedTuple):
    """A command: the module that has it as ``app`` (a `typer.Typer`), its help, its group."""

    module: str
    help: str
    panel: str


RUN: Final = "Run"
SAGAS: Final = "Running sagas"
DEFINE: Final = "Definitions"
PLATFORM: Final = "Broker and settings"
APPLICATION: Final = "Of the application"

_ROOM: Final = "orchestrator.cli"

COMMANDS: Final[dict[str, Entry]] = {
    "demo": Entry(f"{_ROOM}.demo.command", "Watch sagas succeed and be undone.", RUN),
    "up": Entry(f"{_ROOM}.up", "Run everything in one process.", RUN),
    "orchestrator": Entry(f"{_ROOM}.orchestrate", "Run the orchestrator alone.", RUN),
    "service": Entry(f"{_ROOM}.service", "Run services of the application.", RUN),
    "login": Entry(f"{_ROOM}.login", "A new login link to the web page.", RUN),
    "start": Entry(f"{_ROOM}.start", "Start a saga.", SAGAS),
    "status": Entry(f"{_ROOM}.status", "Where a saga stands, and why it does not move.", SAGAS),
    "health": Entry(f"{_ROOM}.health", "How each component of the process is doing.", SAGAS),
    "history": Entry(f"{_ROOM}.history", "What happened in a saga, in order.", SAGAS),
    "list": Entry(f"{_ROOM}.listing", "Sagas, newest first.", SAGAS),
    "cancel": Entry(f"{_ROOM}.cancel", "Stop a running saga, and undo what it did.", SAGAS),
    "repair": Entry(f"{_ROOM}.repair", "Decide for a saga that needs a person.", SAGAS),
    "dlq": Entry(f"{_ROOM}.dlq", "Messages that could not be handled.", SAGAS),
    "bench": Entry(f"{_ROOM}.bench", "Sagas a second, and what one costs.", RUN),
    "chaos": Entry(f"{_ROOM}.chaos", "Kill everything at random; it must add up.", RUN),
    "conformance": Entry(
        f"{_ROOM}.conformance", "What a participant, in any language, gets wrong.", DEFINE
    ),
    "definitions": Entry(f"{_ROOM}.definitions", "The sagas of the application.", DEFINE),
    "table": Entry(f"{_ROOM}.table", "The compensation table of a saga.", DEFINE),
    "check": Entry(f"{_ROOM}.check", "Explore everything that can happen to a saga.", DEFINE),
    "deploy": Entry(
        f"{_ROOM}.deploy.command", "What a new version would mean; let it in, move sagas.", DEFINE
    ),
    "simulate": Entry(
        f"{_ROOM}.simulate", "How often a saga meets its deadline, and what would help.", DEFINE
    ),
    "proof": Entry(f"{_ROOM}.proof", "What the promises rest on: look at it, run it.", DEFINE),
    "init": Entry(f"{_ROOM}.init", "Write a small project to start from.", DEFINE),
    "backup": Entry(f"{_ROOM}.backup", "Copy the saga log, and put a copy back.", PLATFORM),
    "replay": Entry(f"{_ROOM}.replay", "A lost file or a lost topic, made again.", PLATFORM),
    "topics": Entry(f"{_ROOM}.topics", "Create and list the topics.", PLATFORM),
    "kafka": Entry(f"{_ROOM}.kafka", "A real Kafka on this machine.", PLATFORM),
    "config": Entry(f"{_ROOM}.config", "Every setting, and where it comes from.", PLATFORM),
}
