"""Applications are loaded by name, from the import path or appended folders."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.collisions import find_collisions
from orchestrator.bootstrap.errors import ApplicationNotLoaded, NameCollision
from orchestrator.bootstrap.load import load, load_application
from orchestrator.definition.application import Application
from orchestrator.definition.errors import DefinitionError

APP = "from orchestrator.definition import Application\napp = Application('x', sagas=())\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, empty; the import path and what was imported are put back."""
    monkeypatch.chdir(tmp_path)
    path, modules = list(sys.path), set(sys.modules)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def write(folder: Path, name: str, text: str) -> Path:
    """A module in a folder."""
    file = folder / f"{name}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_an_application_in_the_current_folder(folder: Path) -> None:
    write(folder, "my_own_shop", APP)
    assert load_application("my_own_shop:app").name == "x"


def test_an_application_in_a_named_folder(folder: Path) -> None:
    write(folder / "src", "my_other_shop", APP)
    assert load_application("my_other_shop:app", folder / "src").name == "x"


def test_the_folders_are_appended(folder: Path) -> None:
    write(folder, "my_own_shop", APP)
    before = list(sys.path)
    load_application("my_own_shop:app")
    assert sys.path == [*before, str(folder.resolve())]


def test_a_file_of_the_user_replaces_no_module_of_the_standard_library(folder: Path) -> None:
    write(folder, "colorsys", "raise SystemExit('imported the wrong one')")
    write(folder, "my_own_shop", f"import colorsys\n{APP}")
    load_application("my_own_shop:app")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("missing_shop:app", "", "missing_shop"),
        ("my_own_shop:app", "", "'app'"),
        ("my_own_shop:app", "app = 7", "int"),
        ("my_own_shop:app", "import missing_part", "missing_part"),
        ("my_own_shop:app", "1 / 0", "ZeroDivisionError"),
        ("my_own_shop:app", "def", "SyntaxError"),
    ],
)
def test_what_cannot_be_loaded_is_named(folder: Path, name: str, text: str, says: str) -> None:
    write(folder, "my_own_shop", text)
    with pytest.raises(ApplicationNotLoaded, match=says):
        load_application(name)


def test_attributes_may_be_nested(folder: Path) -> None:
    write(folder, "my_own_shop", "class Shop:\n    name = 'deep'\n")
    sys.path.append(str(folder))
    assert load("my_own_shop:Shop.name", str) == "deep"


def test_a_package_that_ours_would_hide_is_refused_with_both_places(folder: Path) -> None:
    theirs = write(folder, "services/__init__", APP).parent
    with pytest.raises(NameCollision) as raised:
        load_application("services:app")
    assert str(theirs) in str(raised.value)
    assert str(Path(load("services:__file__", str)).parent) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_part_of_the_application_that_ours_would_hide_is_refused(folder: Path) -> None:
    write(folder, "services/billing", "")
    write(folder, "my_own_shop", f"import services.billing\n{APP}")
    with pytest.raises(NameCollision, match="services"):
        load_application("my_own_shop:app")


def test_an_unrelated_folder_of_that_name_is_no_collision(folder: Path) -> None:
    (folder / "services").mkdir()
    (folder / "services" / "index.js").touch()
    assert find_collisions([folder]) == []


def test_the_checkout_itself_is_no_collision() -> None:
    root = Path(load("orchestrator:__file__", str)).parents[1]
    assert find_collisions([root]) == []


def test_an_application_is_what_it_says() -> None:
    assert isinstance(load("orchestrator.definition.application:Application", type), type)
    assert Application("x", sagas=()).services == {}


def test_a_service_that_ours_would_hide_is_refused_when_it_is_loaded(folder: Path) -> None:
    write(folder, "services/billing", "participant = 1\n")
    write(folder, "my_own_shop", APP)
    load_application("my_own_shop:app")
    with pytest.raises(NameCollision, match="services"):
        load("services.billing:participant", int)


def test_a_saga_that_runs_within_another_one_is_among_the_sagas() -> None:
    parent = Application("x", sagas=("tests.unit.definition.journey:TOUR",))
    with pytest.raises(DefinitionError, match="Add departure to the sagas of the application"):
        load_sagas(parent)
    both = Application("x", sagas=(*parent.sagas, "tests.unit.definition.journey:DEPARTURE"))
    changed = load_sagas(both, {"departure": {"deadline": 3}})
    assert [saga.definition.time_ms for saga in changed] == [90_000, 3_000]
