"""The `saga` command: finds the sub-command, and turns what it raises into a line and an exit code.

Exit codes: 0 done, 1 the saga or check failed (or something unexpected did), 2 bad input.
"""

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module, metadata
from typing import Annotated, Any, cast

import typer

from infra.boundaries import CRASH_AT
from orchestrator.cli.errors import CliError
from orchestrator.cli.registry import APPLICATION, COMMANDS, Entry

UNEXPECTED = 1
USAGE = 2
WHERE = ("--app", "--app-dir")
"""The options that say where an application is."""


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code. Nothing leaves as a traceback."""
    try:
        if CRASH_AT in os.environ:
            import_module("orchestrator.bootstrap.crash_points").arm_from_environment()
        options, others = _split(arguments)
        name = next((word for word in others if not word.startswith("-")), None)
        # Our commands know these options themselves; one of an application is found by them.
        words = list(arguments) if name in COMMANDS else others
        root = _build(name, options, listing="--version" not in others)
        around = _around(name)
        code: object = root(args=words, prog_name="saga", standalone_mode=False, obj=around)
    except (KeyboardInterrupt, typer.Abort):
        return _say("interrupted", 130)
    except BrokenPipeError:  # `saga list | head`: nobody reads any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except CliError as error:
        return _say(str(error), error.exit_code)
    except Exception as error:  # pylint: disable=broad-exception-caught  # the last line of defence
        return _explain(error, debug="--debug" in arguments)
    return code if isinstance(code, int) else 0


def _split(arguments: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The options that say where an application is, and all the other words."""
    options: dict[str, str] = {}
    others: list[str] = []
    words = iter(arguments)
    for word in words:
        option, given, value = word.partition("=")
        if option in WHERE:
            options[option] = value if given else next(words, "")
        else:
            others.append(word)
    return options, others


def _build(name: str | None, options: Mapping[str, str], *, listing: bool) -> typer.Typer:
    """The command line with one real command, `name`, and stand-ins for the help of all others."""
    root = typer.Typer(
        name="saga", add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich"
    )
    root.callback(invoke_without_command=True)(_root)
    if listing and name not in COMMANDS:  # one of the application, or the help of all
        loader = import_module("orchestrator.cli.application")
        for own, extra in loader.commands(*map(options.get, WHERE)).items():
            root.add_typer(extra, name=own, rich_help_panel=APPLICATION)
    for other, entry in COMMANDS.items():
        if other == name:
            _add(root, other, entry, import_module(entry.module).app)
        else:
            root.command(other, help=entry.help, rich_help_panel=entry.panel)(_stand_in)
    return root


def _around(name: str | None) -> object:
    """What a command of the application is given (`infra.commands`); ours need nothing."""
    if name is None or name in COMMANDS:
        return None
    return import_module("orchestrator.cli.application").CommandLine()


def _add(root: typer.Typer, name: str, entry: Entry, command: typer.Typer) -> None:
    """Put a command in: a `Typer` of one function is that function, one of several is a group."""
    functions = command.registered_commands
    if command.registered_callback is None and len(functions) == 1 and not functions[0].name:
        callback = cast(Callable[..., Any], functions[0].callback)
        root.command(name, help=entry.help, rich_help_panel=entry.panel)(callback)
    else:
        root.add_typer(
            command,
            name=name,
            help=entry.help,
            rich_help_panel=entry.panel,
            no_args_is_help=command.registered_callback is None,
        )


def _root(
    context: typer.Context,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Sagas on Kafka: commands out, replies in, and exactly what was done is undone."""
    del debug  # read before parsing, so that it also covers errors of the parsing
    if version:
        typer.echo(metadata.version("saga-orchestrator"))
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _stand_in() -> None:
    """Only its name and help are used."""


def _explain(error: Exception, *, debug: bool) -> int:
    message = getattr(error, "format_message", None)  # every typer, with click inside or beside it
    if message is not None:
        text = str(message())
        return _say(text, USAGE) if text else USAGE  # without words: the help was shown
    mistake: str | None = import_module("orchestrator.cli.mistakes").mistake(error)
    if debug:
        logging.getLogger("saga").error("saga %s", " ".join(sys.argv[1:]), exc_info=error)
    if mistake is not None:
        return _say(mistake, USAGE)
    hint = "" if debug else " (the traceback: saga --debug ...)"
    return _say(f"unexpected {type(error).__name__}: {error}{hint}", UNEXPECTED)


def _say(message: str, code: int) -> int:
    line = " ".join(message.split())
    print(f"saga: {line}", file=sys.stderr)
    return code
