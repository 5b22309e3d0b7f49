"""Templates: files of a package, escaped by themselves, strict about what is missing."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def templates_of(package: str, filters: Mapping[str, Callable[..., Any]]) -> Environment:
    """The templates in the folder ``templates`` of a package.

    Whatever is put into one is escaped as HTML, whatever the file is called; a name that is not
    there raises, so that a page never shows a hole. ``filters`` by the name they have there.
    """
    found = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.filters.update(filters)
    return found
