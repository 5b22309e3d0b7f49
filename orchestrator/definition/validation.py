"""Data from outside, read by a contract."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from pydantic import BaseModel, ValidationError

from orchestrator.definition.errors import InvalidInput

_FOLLOWS: Final = "default_factory_not_called"
"""The kind of an error that only follows from another: a default that is made of a wrong field."""


def validated(
    model: type[BaseModel], given: Mapping[str, Any], what: str = "input"
) -> dict[str, Any]:
    """A JSON object read by a contract and written by it again; ``what`` it is, in messages.

    Raises InvalidInput naming every wrong place.
    """
    try:
        # By way of JSON, as what arrives is JSON: a date is a text here, and a tuple a list.
        message = model.model_validate_json(msgspec.json.encode(given))
    except (UnicodeEncodeError, RecursionError, TypeError) as error:
        raise InvalidInput(f"{what}: it cannot be written as JSON ({error})") from error
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        wrong = [one for one in problems if one["type"] != _FOLLOWS]
        raise InvalidInput(
            "; ".join(_problem(what, one["loc"], one["msg"]) for one in wrong)
        ) from error
    return message.model_dump(mode="json", by_alias=True)


def _problem(what: str, place: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(map(str, place)) or what}: {message}"
