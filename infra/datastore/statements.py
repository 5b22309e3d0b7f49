"""Named SQL in files: every statement of a database stands in one ``queries.sql`` that can be read
as a whole.

Source: procrastinate's ``sql/`` (DESIGN, "Good examples to learn from").
"""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files

from infra.datastore.errors import UnknownStatement

_NAME = re.compile(r"^-- name: *(\S*) *$", re.MULTILINE)


class Statements(Mapping[str, str]):
    """The statements of one file: each begins with a line ``-- name: insert_saga`` and is had by
    that name.

    Look statements up at import or in a constructor, so that a wrong name is found at start and not
    under load. Raises UnknownStatement for a name that is not there, a name given twice, and SQL
    without a name.
    """

    def __init__(self, package: str, resource: str = "queries.sql") -> None:
        self._place = f"{package}/{resource}"
        try:
            text = files(package).joinpath(resource).read_text(encoding="utf-8")
        except (FileNotFoundError, ModuleNotFoundError) as error:
            raise UnknownStatement(f"no SQL statements at {self._place}") from error
        self._statements = self._read(text)

    def _read(self, text: str) -> dict[str, str]:
        head, *parts = _NAME.split(text)
        if any(line.strip() and not line.startswith("--") for line in head.splitlines()):
            raise UnknownStatement(f"{self._place} has SQL before the first name")
        found: dict[str, str] = {}
        for name, body in zip(parts[::2], parts[1::2], strict=True):
            if not name.isidentifier() or not body.strip():
                raise UnknownStatement(f"{self._place}: '{name}' is no name, or names no statement")
            if name in found:
                raise UnknownStatement(f"{self._place} names {name} twice")
            found[name] = body.strip()
        return found

    def __getitem__(self, name: str) -> str:
        try:
            return self._statements[name]
        except KeyError:
            raise UnknownStatement(f"no statement {name} in {self._place}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._statements)

    def __len__(self) -> int:
        return len(self._statements)
