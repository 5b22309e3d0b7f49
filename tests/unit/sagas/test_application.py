"""The application names what is there, and its sagas fit on a page."""

from importlib import import_module
from pathlib import Path

import pytest

from orchestrator.definition import Saga
from sagas import app

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", app.sagas)
def test_every_saga_is_one(name: str) -> None:
    module, _, attribute = name.partition(":")
    assert isinstance(getattr(import_module(module), attribute), Saga)


@pytest.mark.parametrize("name", app.contracts)
def test_every_module_of_contracts_is_there(name: str) -> None:
    assert import_module(name).__doc__


@pytest.mark.parametrize("name", app.sagas)
def test_a_saga_is_a_page_of_code(name: str) -> None:
    source = ROOT / f"{name.partition(':')[0].replace('.', '/')}.py"
    assert len(source.read_text(encoding="utf-8").splitlines()) <= 40


def test_services_are_named_after_their_module() -> None:
    assert app.services == {name: f"services.{name}:participant" for name in app.services}
