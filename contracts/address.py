"""Where something goes: an address, as every service writes it."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from contracts.countries import THREE_LETTERS, TWO_LETTERS
from contracts.messages import Message

_ZIP_CODE: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9 -]*[A-Za-z0-9])?")


def printable(text: str) -> str:
    """The text; raises ValueError where it has anything that cannot be printed in a line."""
    if not text.isprintable():
        raise ValueError("it must be one line, of nothing but what can be printed")
    return text


def worded(text: str) -> str:
    """The text; raises ValueError where it says nothing."""
    if not any(map(str.isalnum, text)):
        raise ValueError("it must have a letter or a digit")
    return printable(text)


def _zip_code(text: str) -> str:
    if not _ZIP_CODE.fullmatch(text):
        raise ValueError("it must have letters and digits, with spaces or hyphens between them")
    return text


def _country(text: str) -> str:
    if text not in TWO_LETTERS and text not in THREE_LETTERS:
        raise ValueError("it must be a country's two or three letters (ISO 3166-1), as DE or USA")
    return text


def _line(length: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, max_length=length)


class Address(Message):
    """One address; ``country`` as ISO 3166-1 has it, in two or three letters: DE, DEU, US, USA.

    White space around a part does not count. Not every country has states.
    """

    street: Annotated[str, _line(200), AfterValidator(worded), Field(examples=["Lindenallee 12"])]
    city: Annotated[str, _line(100), AfterValidator(worded), Field(examples=["Leipzig"])]
    state: Annotated[str, _line(100), AfterValidator(printable)] = ""
    zip_code: Annotated[str, _line(20), AfterValidator(_zip_code), Field(examples=["04317"])]
    country: Annotated[
        str,
        StringConstraints(strip_whitespace=True, to_upper=True, max_length=60),
        AfterValidator(_country),
        Field(examples=["DE"]),
    ]

    @property
    def line(self) -> str:
        """The whole in one line."""
        place = f"{self.zip_code} {self.city}"
        return ", ".join(filter(None, (self.street, place, self.state, self.country)))
