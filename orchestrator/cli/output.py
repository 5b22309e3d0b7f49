"""Printing: the same facts as JSON for a program or as a view for a person."""

import sys
from collections.abc import Callable
from typing import TypeVar

import msgspec
from rich.console import Console, RenderableType

T = TypeVar("T")

NARROW = 140  # columns where the output is not a terminal: a log, a file, a pipe


def console() -> Console:
    """The console for people: colours on a terminal, plain lines of a fixed width elsewhere."""
    width = None if sys.stdout.isatty() else NARROW
    return Console(width=width, highlight=False, soft_wrap=False)


def emit(facts: T, view: Callable[[T], RenderableType], *, as_json: bool) -> None:
    """Print the facts: as JSON, or as `view` shows them."""
    if as_json:
        print_json(facts)
    else:
        console().print(view(facts))


def print_json(facts: object) -> None:
    """Print one JSON document, indented, in the order of its fields."""
    raw = msgspec.json.format(msgspec.json.encode(facts, enc_hook=str), indent=2)
    sys.stdout.write(raw.decode() + "\n")
