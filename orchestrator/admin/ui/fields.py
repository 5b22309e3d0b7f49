"""The forms of the pages: a page that asks once more before anything is done, and reads strictly
what was filled in.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from infra.http.forms import Form

MAX_REASON: Final = 1_000
MAX_NAME: Final = 200
KEY: Final = "request"
DATA: Final = "data."
"""What the names of the fields of a signal begin with."""


class Field(msgspec.Struct, frozen=True):
    """A field of a form; ``options`` (value, label) where one of several is chosen."""

    name: str
    label: str
    kind: Literal["text", "textarea", "choice"] = "text"
    hint: str = ""
    required: bool = True
    most: int = MAX_NAME
    options: Sequence[tuple[str, str]] = ()
    value: str = ""
    error: str = ""

    def checked(self, form: Form) -> "Field":
        """The field with what was filled in, and what is wrong with it."""
        value = form.get(self.name, "").strip()
        wrong = ""
        if self.required and not value:
            wrong = f"{self.label}: choose one" if self.options else f"{self.label} is needed"
        elif len(value) > self.most:
            wrong = f"{self.label} has at most {self.most} characters, not {len(value)}"
        elif value and self.options and value not in dict(self.options):
            wrong = f"{self.label}: choose one of those that are there"
        elif not _decent(value):
            wrong = f"{self.label} has characters that cannot be written"
        return replace(self, value=value, error=wrong)


def why(*, required: bool = True) -> Field:
    """Why something is done."""
    hint = "It is kept in the history." if required else "If you like; it is kept in the history."
    return Field("reason", "Why", "textarea", hint, required, MAX_REASON)


def who(name: str) -> Field:
    """Who says so; whoever is logged in unless it is written over."""
    return Field("by", "Who says so", hint="It is kept in the history, too.", value=name)


class Asked(msgspec.Struct, frozen=True):
    """A form that somebody sent: its fields with what is wrong, and the id of the request."""

    fields: list[Field]
    request: str

    @property
    def fine(self) -> bool:
        """Whether nothing is wrong."""
        return not any(field.error for field in self.fields)

    def blamed(self, errors: Sequence[Mapping[str, Any]]) -> "Asked":
        """The form with what a contract says against it (problem details with pointers)."""
        wrong = {str(one.get("pointer", "")): str(one.get("detail", "")) for one in errors}
        marked: list[Field] = []
        for field in self.fields:
            what = wrong.get(f"#/{field.name.replace('.', '/')}", "")
            marked.append(replace(field, error=f"{field.label}: {what}" if what else ""))
        return replace(self, fields=marked)

    @property
    def values(self) -> Mapping[str, str]:
        """What was filled in."""
        return {field.name: field.value for field in self.fields}


def fresh(fields: Sequence[Field]) -> Asked:
    """A form that nobody has filled in: sending it twice will be one request."""
    return Asked(list(fields), uuid4().hex)


def sent(fields: Sequence[Field], form: Form) -> Asked:
    """A form as it came back."""
    request = form.get(KEY, "")
    known = request.isascii() and request.isalnum() and 0 < len(request) <= MAX_NAME
    return Asked([field.checked(form) for field in fields], request if known else uuid4().hex)


def _decent(text: str) -> bool:
    """Whether a text can be logged and shown: no control characters but line ends and tabs."""
    return all(char.isprintable() or char in "\n\t" for char in text)
