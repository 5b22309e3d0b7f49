"""A YAML document whose values know where they stand, so that what is wrong with one can be said
with its line and its path. Values are read as what is wanted, never guessed: `no` is a name here.
"""

from typing import Any, NoReturn, cast

import yaml

from orchestrator.simulate.errors import GivenError


class Entry:
    """One value of the document: ``file`` and ``path`` say where."""

    __slots__ = ("_node", "_begins", "file", "path")

    def __init__(self, node: yaml.Node, file: str, path: str, key: yaml.Node | None = None) -> None:
        self._node = node
        self._begins = key or node
        self.file = file
        self.path = path

    @property
    def place(self) -> str:
        """File, line and path, for people."""
        line = self._begins.start_mark.line + 1
        return f"{self.file}:{line}: {self.path}" if self.path else f"{self.file}:{line}"

    def wrong(self, reason: str, remedy: str) -> NoReturn:
        """Raise GivenError for this place."""
        raise GivenError(self.place, reason, remedy)

    @property
    def empty(self) -> bool:
        """Whether nothing is written here."""
        node = self._node
        return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return isinstance(self._node, yaml.SequenceNode)

    @property
    def is_mapping(self) -> bool:
        """Whether it has names with values."""
        return isinstance(self._node, yaml.MappingNode)

    def members(self, remedy: str) -> "dict[str, Entry]":
        """The values of a mapping by name; raises GivenError where it is none, or one is there
        twice.
        """
        if not isinstance(self._node, yaml.MappingNode):
            self.wrong("names with values were expected", remedy)
        found: dict[str, Entry] = {}
        pairs = cast("list[tuple[yaml.Node, yaml.Node]]", self._node.value)
        for key, value in pairs:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            path = f"{self.path}.{name}" if self.path else name
            entry = Entry(value, self.file, path, key)
            if name in found:
                entry.wrong("it stands there twice", f"Leave one of the two {name} out")
            found[name] = entry
        return found

    def items(self, remedy: str) -> "list[Entry]":
        """The values of a list; raises GivenError where it is none."""
        if not isinstance(self._node, yaml.SequenceNode):
            self.wrong("a list was expected", remedy)
        values = cast("list[yaml.Node]", self._node.value)
        return [Entry(one, self.file, f"{self.path}[{n}]") for n, one in enumerate(values)]

    def text(self, remedy: str) -> str:
        """A plain value as it is written; raises GivenError for a list or a mapping."""
        if not isinstance(self._node, yaml.ScalarNode):
            self.wrong("one value was expected", remedy)
        return str(self._node.value)


def read_document(text: str, file: str) -> Entry:
    """The root of a YAML document; raises GivenError where it is none, or empty."""
    try:
        node = cast("yaml.Node | None", cast(Any, yaml).compose(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f":{mark.line + 1}" if mark else ""
        problem = error.problem or "it cannot be read"
        raise GivenError(f"{file}{line}", f"this is no YAML: {problem}", _REMEDY) from error
    except yaml.YAMLError as error:
        raise GivenError(file, f"this is no YAML: {str(error).splitlines()[0]}", _REMEDY) from error
    if node is None:
        raise GivenError(file, "nothing stands in it", _REMEDY)
    return Entry(node, file, "")


_REMEDY = "A file to start from: saga simulate NAME --write-given"
