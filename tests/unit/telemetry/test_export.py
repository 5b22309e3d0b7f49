"""When spans are exported, and as what."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from opentelemetry import trace
from structlog.testing import capture_logs

from infra.telemetry import Finished, Spans, exporting, spans_of
from tests.otlp import Receiver, otlp_receiver

SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = SAMPLED[:-2] + "00"
SPAN = Finished("a span", "internal", SAMPLED, "", 1, 2, {})


@pytest.fixture(name="collector")
def _collector(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Receiver]:
    """A collector that nothing in environment and .env names yet."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    with otlp_receiver() as receiver:
        yield receiver


def some(role: str = "a role") -> Spans:
    spans = spans_of(role)
    assert spans is not None
    return spans


def test_nothing_is_exported_by_default(collector: Receiver):
    with exporting():
        assert spans_of("a role") is None
    assert collector.requests == 0


def test_a_process_that_exports_nothing_loads_nothing_of_opentelemetry(tmp_path: Path):
    code = (
        "import sys, orchestrator.runtime.orchestrator, services.participant, infra.telemetry\n"
        "with infra.telemetry.exporting(): pass\n"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    subprocess.run(
        [sys.executable, "-c", code], check=True, env=environment, cwd=tmp_path, timeout=60
    )


@pytest.mark.parametrize(
    "given",
    [
        {"OTEL_SDK_DISABLED": "true"},
        {"OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_TRACES_EXPORTER": "zipkin"},
        {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    ],
)
def test_the_environment_can_turn_it_off(
    collector: Receiver, monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with exporting():
        assert spans_of("a role") is None


@pytest.mark.parametrize(
    "name", ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
)
def test_an_endpoint_turns_it_on_for_each_role_of_the_process(
    collector: Receiver, monkeypatch: pytest.MonkeyPatch, name: str
):
    path = "/v1/traces" if "TRACES" in name else ""
    monkeypatch.setenv(name, collector.endpoint + path)
    with exporting():
        for role in ("one", "two"):
            some(role).send([SPAN])
    assert spans_of("one") is None
    assert sorted(span.service for span in collector.spans) == ["one", "two"]
    assert len({span.instance for span in collector.spans}) == 1


def test_dotenv_can_turn_it_on_and_the_environment_comes_first(collector: Receiver):
    lines = [f"OTEL_EXPORTER_OTLP_ENDPOINT={collector.endpoint}", "OTEL_SERVICE_NAME=theirs"]
    Path(".env").write_text("\n".join(lines), "utf-8")
    with patch.dict(os.environ, {"OTEL_SERVICE_NAME": "mine"}), exporting():
        some().send([SPAN])
    assert [span.service for span in collector.spans] == ["mine"]


def test_names_of_the_environment_come_first(collector: Receiver, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "mine")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=seven")
    with exporting():
        some().send([SPAN])
    (span,) = collector.spans
    assert (span.service, span.instance) == ("mine", "seven")


@pytest.mark.parametrize(
    ("sampler", "expected"),
    [
        ("", (True, True, False)),
        ("always_off", (False, False, False)),
        ("always_on", (True, True, True)),
        ("parentbased_always_off", (False, True, False)),
    ],
)
def test_samplers_are_the_standard_ones(
    collector: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    sampler: str,
    expected: tuple[bool, bool, bool],
):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
    if sampler:
        monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    with exporting():
        spans = some()
        found = (spans.begins("1" * 32), spans.samples(SAMPLED), spans.samples(UNSAMPLED))
    assert found == expected


def test_other_instrumentation_sees_the_span_it_is_under(
    collector: Receiver, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
    with exporting():
        with some().under(SAMPLED):
            inside = trace.get_current_span().get_span_context()
        outside = trace.get_current_span().get_span_context()
    assert f"00-{inside.trace_id:032x}-{inside.span_id:016x}-01" == SAMPLED
    assert not outside.is_valid


def test_a_collector_that_does_not_answer_holds_up_nobody(
    collector: Receiver, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
    answers = threading.Event()
    monkeypatch.setattr(collector, "take", lambda _: answers.wait())
    with capture_logs() as lines, exporting(flush_s=0.1):
        some().send([SPAN])
    assert [line["event"] for line in lines] == ["the last spans were not taken in time"]
    answers.set()
