"""Two assignees may both find a topic empty (DESIGN laws 9 and 14): the second one's claim names a
log that never was.
"""

from orchestrator.sagalog.follow import without_strays
from orchestrator.sagalog.records import Claim, encode_record


def test_the_claim_for_a_log_that_never_was_is_read_over() -> None:
    """Its offset stays, so that nothing is missed; all else is as it was."""
    first = (0, encode_record(Claim("log", "e1", 1, "one")))
    stray = (1, encode_record(Claim("other", "e2", 2, "two")))
    later = (2, encode_record(Claim("log", "e3", 3, "one")))
    broken = (3, b"no record of ours")
    read = list(without_strays([first, stray, later, broken], "log"))
    assert read == [first, (1, None), later, broken]
