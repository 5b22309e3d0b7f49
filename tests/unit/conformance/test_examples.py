"""Example commands: what the placeholder becomes, and what is refused."""

from pathlib import Path

import pytest

from orchestrator.conformance.errors import WrongExamples
from orchestrator.conformance.examples import Example, Examples, load


def test_the_placeholder_alone_is_a_number_and_within_a_text_its_digits() -> None:
    data = {
        "id": "{{unique}}",
        "ref": "order-{{unique}}",
        "deep": [{"a": ["{{unique}}", 1.5, None]}],
    }
    filled = Example("Do", data).filled(17)
    assert filled == {"id": 17, "ref": "order-17", "deep": [{"a": [17, 1.5, None]}]}
    assert data["id"] == "{{unique}}"


def test_what_is_given() -> None:
    some = Example("Do", {})
    assert Examples(do=some, refused=some).given == {"do", "refused"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "truncated"),
        ('{"do": {"type": "Do"}}', "data"),
        ('{"do": {"type": 7, "data": {}}}', "$.do.type"),
        ('{"redo": {}}', "redo"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(text)
    with pytest.raises(WrongExamples, match=r"wrong\.json") as refused:
        load(file)
    assert reason in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WrongExamples, match="No such file"):
        load(tmp_path / "none.json")
