"""How a check says what is wrong, and the judgements that several checks share. Pure."""

from collections.abc import Sequence

from orchestrator.conformance.answers import Answer, short


class Wrong(Exception):
    """The participant got it wrong: what was expected of it, and what was found."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}; found {found}")
        self.expected = expected
        self.found = found


class Silence(Wrong):
    """It did not answer."""


class NotSeen(Exception):
    """The check cannot be made here; the text says why."""


def must(true: bool, expected: str, found: str) -> None:
    """Raises Wrong unless it is true."""
    if not true:
        raise Wrong(expected, found)


def succeeded(answer: Answer, what: str) -> None:
    """Raises Wrong unless this succeeded."""
    must(answer.outcome == "succeeded", f"{what}: succeeded", str(answer))


def failed(answer: Answer, code: str, what: str) -> None:
    """Raises Wrong unless this failed with that code."""
    right = (answer.outcome, answer.code) == ("failed", code)
    must(right, f"{what}: failed, code {code}", str(answer))


def same(first: Answer, again: Answer, what: str) -> None:
    """Raises Wrong unless the second answer is the first one again: outcome, type and data."""
    told = [(a.outcome, a.message.get("type"), a.message.get("data")) for a in (first, again)]
    must(told[0] == told[1], f"{what}: the stored reply ({first})", f"{again}{_differs(told)}")


def _differs(told: Sequence[tuple[object, object, object]]) -> str:
    (outcome, kind, data), (outcome2, kind2, data2) = told
    if outcome != outcome2 or data != data2 or kind == kind2:
        return ""
    return f" (type {short(kind2)})"
