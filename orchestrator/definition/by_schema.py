"""An input read by the JSON schema that its definition carries: for a version whose contract is not
in this program (any more), and that starts sagas all the same while a rollout says so.

Written again as its contract would write it: defaults filled in, unknown fields left out. Stricter
than a contract in one thing: a text that looks like a number is none. Of formats those are checked
that need no further library (dates, addresses, UUIDs).
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import msgspec

from orchestrator.definition.errors import InvalidInput

Schema = Mapping[str, Any]


class BySchema:
    """The inputs of one definition."""

    def __init__(self, schema: Schema) -> None:
        # pylint: disable-next=import-outside-toplevel  # slow, and needed only in a rollout
        from jsonschema import Draft202012Validator

        self._schema = schema
        self._kind = Draft202012Validator
        self._validator = self._made(schema)

    def validated(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The input as it is to be logged; raises InvalidInput naming every wrong place."""
        try:
            plain = msgspec.json.decode(msgspec.json.encode(given))
            problems = sorted(_problems(self._validator.iter_errors(plain)))
        except (UnicodeEncodeError, RecursionError, TypeError, msgspec.MsgspecError) as error:
            raise InvalidInput(f"input: it cannot be written as JSON ({error})") from error
        if problems:
            raise InvalidInput("; ".join(problems))
        return self._written(self._schema, plain)

    def _made(self, schema: Schema) -> Any:
        return self._kind(schema, format_checker=self._kind.FORMAT_CHECKER)

    def _written(self, schema: Schema | bool, value: Any) -> Any:
        """The value as a contract of this schema writes it."""
        if isinstance(schema, bool):
            return value
        schema = self._resolved(schema)
        for options in (schema.get("anyOf"), schema.get("oneOf")):
            for option in options or ():
                if self._fits(option, value):
                    return self._written(option, value)
        if isinstance(value, dict):
            return self._object(schema, cast(dict[str, Any], value))
        if isinstance(value, list):
            first = schema.get("prefixItems", ())
            rest = schema.get("items", True)
            many = cast(list[Any], value)
            return [
                self._written(first[n] if n < len(first) else rest, one)
                for n, one in enumerate(many)
            ]
        whole = isinstance(value, float) and value.is_integer()
        return int(value) if whole and schema.get("type") == "integer" else value

    def _object(self, schema: Schema, value: dict[str, Any]) -> dict[str, Any]:
        fields: Mapping[str, Any] = schema.get("properties", {})
        # A contract that says nothing of other fields leaves them out; a mere mapping has no own.
        others = schema.get("additionalProperties", not fields)
        written: dict[str, Any] = {}
        for name, field in fields.items():
            if name in value:
                written[name] = self._written(field, value[name])
            elif isinstance(field, dict) and "default" in field:
                written[name] = field["default"]
        if others is not False:
            more = {name: one for name, one in value.items() if name not in fields}
            written |= {name: self._written(others, one) for name, one in more.items()}
        return written

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            target = self._schema.get("$defs", {})[str(schema["$ref"]).rpartition("/")[2]]
            schema = {**target, **{k: v for k, v in schema.items() if k != "$ref"}}
        whole: list[Schema] = schema.get("allOf", [])
        return self._resolved(whole[0]) if len(whole) == 1 and "type" not in schema else schema

    def _fits(self, option: Schema, value: Any) -> bool:
        defs = {"$defs": self._schema["$defs"]} if "$defs" in self._schema else {}
        return bool(self._made({**option, **defs}).is_valid(value))


def _problems(errors: Iterator[Any]) -> Iterator[str]:
    """Each wrong place, as a contract would name it."""
    for error in errors:
        place = [str(part) for part in error.absolute_path]
        if error.validator == "required":
            missing = [name for name in error.validator_value if name not in error.instance]
            for name in missing:
                yield f"{'.'.join([*place, name])}: Field required"
        else:
            yield f"{'.'.join(place) or 'input'}: {str(error.message)[:200]}"
