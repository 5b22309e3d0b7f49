"""What `saga simulate` is given: the sagas, and what comes of their commands, from a file, from the
saga log, or from both.
"""

from pathlib import Path

from infra.datastore import DatabaseNotOpened
from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.load import load_application
from orchestrator.cli.errors import BadInput
from orchestrator.sagalog.reader import Reader
from orchestrator.settings import Settings
from orchestrator.simulate.cast import Family, family_of
from orchestrator.simulate.knobs import Knob
from orchestrator.simulate.levels import SEARCHED
from orchestrator.simulate.measure import Measured
from orchestrator.simulate.outcomes import Given
from orchestrator.simulate.reading import read_given

LATEST = 10_000
"""So many sagas of each definition are measured, the newest ones."""
TARGET = 0.99


def family(settings: Settings, name: str) -> Family:
    """The saga and all that it begins, wherever these are named."""
    below = load_sagas(load_application(settings.app, settings.app_dir), settings.overrides)
    definitions = {saga.name: saga.definition for saga in below}
    while below:
        for child in below.pop().children.values():
            definitions.setdefault(child.name, child.definition)
            below.append(child)
    return family_of(name, definitions)


def outcomes(path: Path | None, measured: Measured | None, of: Family) -> tuple[Given, str]:
    """What comes of each command, and where that is said: the file goes before the log."""
    if path is None:
        if measured is None:
            raise BadInput(
                "nothing says what comes of the commands: give --given FILE or --from-log;"
                f" a file to start from: saga simulate {next(iter(of))} --write-given"
            )
        return measured.given(), "the saga log"
    written = read_given(_text(path), str(path), of)
    if measured is None:
        return written, str(path)
    log = measured.given()
    return Given({**log.parts, **written.parts}, written.otherwise, log.hop), str(path)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} cannot be read: it is no text in UTF-8") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error


def measured_in(settings: Settings, of: Family) -> Measured:
    """What the saga log of the data folder says of these sagas."""
    file = settings.data / "saga.db"
    if not file.exists():
        raise BadInput(f"{file} is not there: --data names the folder of an installation")
    found = Measured()
    try:
        with Reader.open(file) as reader:
            for name in of:
                for transitions in reader.latest(name, LATEST):
                    found.take(name, transitions)
    except DatabaseNotOpened as error:
        raise BadInput(str(error)) from error
    if not found.attempts:
        raise BadInput(f"{file} holds no saga of {next(iter(of))} that was answered anything")
    return found


def target(share: float | None, with_knobs: str | None) -> float | None:
    """The share that is searched for; None: nothing is."""
    if share is None:
        return None if with_knobs is None else TARGET
    if not 0 < share < 1:
        raise BadInput(f"--target: {share} is no share: write one between 0 and 1, such as 0.99")
    return share


def knobs(named: str | None) -> tuple[Knob, ...]:
    """The knobs that are searched with."""
    if named is None:
        return SEARCHED
    words = [word.strip() for word in named.split(",")]
    for word in words:
        if word not in SEARCHED:
            raise BadInput(f"--find: {word!r} is no knob; there are: {', '.join(SEARCHED)}")
    return tuple(knob for knob in SEARCHED if knob in words)
