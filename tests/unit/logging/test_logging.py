"""What a log line carries, what it never does, and where it goes."""

import io
import json
import logging
from pathlib import Path

import pytest

from infra.logging import LoggingError, bound, configure, get_logger
from tests.logs import logging_as_it_was  # noqa: F401  # pylint: disable=unused-import  # fixture

pytestmark = pytest.mark.usefixtures("logging_as_it_was")
TRACE = "0af7651916cd43dd8448eb211c80319c"
HIDDEN = "hunter2"


def lines(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_saga_step_and_trace_are_in_every_line():
    stream = io.StringIO()
    configure("json", destination=stream)
    with bound(saga=1024, step="payment", traceparent=f"00-{TRACE}-{1:016x}-01"):
        get_logger("ours").info("command sent", attempt=2)
        logging.getLogger("theirs").warning("late by %d", 3)
    get_logger("ours").info("nothing bound")
    ours, theirs, bare = lines(stream)
    for line in (ours, theirs):
        assert (line["saga"], line["step"], line["trace_id"]) == (1024, "payment", TRACE)
        assert line["timestamp"].endswith("Z")
    assert (ours["event"], ours["attempt"], ours["level"]) == ("command sent", 2, "info")
    assert (theirs["event"], theirs["logger"]) == ("late by 3", "theirs")
    assert not {"saga", "step", "trace_id"} & set(bare)


def test_payloads_are_for_debug_only_and_secrets_for_nobody():
    stream = io.StringIO()
    configure("json", "debug", stream)
    fields = {"data": {"card": 1}, "raw": b"x", "token": "t0p", "db_password": "x", "tokens": 3}
    get_logger("ours").info("got", **fields)
    get_logger("ours").debug("got", **fields)
    info, debug = lines(stream)
    assert not {"data", "raw"} & set(info)
    assert debug["data"] == {"card": 1}
    for line in (info, debug):
        assert (line["token"], line["db_password"], line["tokens"]) == ("***", "***", 3)


def test_levels():
    stream = io.StringIO()
    configure("json", "warning", stream)
    get_logger("ours").info("quiet")
    get_logger("ours").warning("loud")
    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_libraries_do_not_chatter_at_info():
    stream = io.StringIO()
    configure("json", "info", stream)
    logging.getLogger("aiokafka.consumer").info("heartbeat")
    logging.getLogger("uvicorn.error").warning("slow")
    assert [line["event"] for line in lines(stream)] == ["slow"]


@pytest.mark.parametrize("form", ["json", "console"])
def test_errors_come_with_their_traceback_but_no_variables(form: str):
    stream = io.StringIO()
    configure(form, destination=stream)  # type: ignore[arg-type]

    def fail(_hidden: str) -> None:
        raise ValueError("broken")

    try:
        fail(HIDDEN)
    except ValueError:
        get_logger("ours").exception("failed")
    assert "ValueError: broken" in stream.getvalue()
    assert HIDDEN not in stream.getvalue()


def test_the_console_form_is_for_terminals():
    stream = io.StringIO()
    configure("auto", destination=stream)
    get_logger("ours").info("hello", n=1)
    assert lines(stream)[0]["n"] == 1
    stream = io.StringIO()
    configure("console", destination=stream)
    get_logger("ours").info("hello", n=1)
    assert "n=1" in stream.getvalue()
    assert "\x1b[" not in stream.getvalue()


def test_a_file_is_appended_to(tmp_path: Path):
    path = tmp_path / "saga.log"
    for _ in range(2):
        configure("auto", destination=path)
        get_logger("ours").info("hello")
    assert len(path.read_text().splitlines()) == 2


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path):
    with pytest.raises(LoggingError, match="no folder"):
        configure(destination=tmp_path / "no folder" / "saga.log")


def test_a_level_set_later_reaches_loggers_made_before():
    early, stream = get_logger("early"), io.StringIO()
    configure("json", "error", io.StringIO())
    early.info("lost")
    configure("json", "info", stream)
    early.info("there")
    assert [line["event"] for line in lines(stream)] == ["there"]
