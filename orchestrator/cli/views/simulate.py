"""What a simulation looks like."""

from rich.console import Group, RenderableType
from rich.text import Text

from orchestrator.cli.views.search import search_view
from orchestrator.cli.views.shares import headed, percent, seconds, shared, table_of
from orchestrator.simulate.report import Effect, KnobReport, Quantiles, Report, Spending

NO_MORE_THAN = 2.0
"""A change within so many standard errors may be none."""
_TIMES = ("timeout", "pause", "deadline")


def view(found: Report) -> RenderableType:
    """How often it is in time, how it ends, where the time goes, what can be turned."""
    parts: list[RenderableType] = [_head(found), *map(_note, found.notes)]
    parts += [Text(), _ways(found), Text(), _spending(found)]
    if found.knobs:
        parts += [Text(), _knobs(found)]
    if found.search:
        parts += [Text(), *search_view(found.search)]
    return Group(*parts)


def _head(found: Report) -> Text:
    lines = [
        Text(
            f"{found.definition} ({found.version}): {found.runs:,} runs on the engine and a virtual"
            f" clock, seed {found.seed}"
        ),
        Text.assemble((_in_time(found), "bold")),
    ]
    if found.took_done:
        lines.append(
            Text(f"completed at all: {percent(found.completed)}; {_took(found.took_done)}")
        )
    lines.append(Text(f"ended, one way or another: {_took(found.took_all)}"))
    return Text("\n").join(lines)


def _in_time(found: Report) -> str:
    what = f"done within {seconds(found.deadline)}" if found.deadline else "completed (no deadline)"
    return f"{what}: {shared(found.in_time)}"


def _note(note: str) -> Text:
    return Text(f"note: {note}", style="dim")


def _took(took: Quantiles) -> str:
    named = {"p50": took.p50, "p90": took.p90, "p95": took.p95, "p99": took.p99}
    shown = ", ".join(f"{name} {seconds(value)}" for name, value in named.items())
    return f"{shown}, longest {seconds(took.longest)}"


def _ways(found: Report) -> Group:
    table = table_of("end", "code", "step", "share", "p50", "p99")
    for way in found.ways:
        table.add_row(
            way.how.replace("_", " "),
            way.code,
            way.step,
            percent(way.share),
            seconds(way.took.p50),
            seconds(way.took.p99),
        )
    return headed("how it ends", table)


def _spending(found: Report) -> Group:
    """Columns in which nothing stands are left out."""
    columns = ["executing", "pausing", "unanswered", "waiting", "person", "between"]
    shown = [name for name in columns if any(getattr(one, name) for one in found.spending)]
    title = "where the time goes (critical path, mean of all runs)"
    table = table_of("step", "reached", "attempts", *shown, "share", "if not in time")
    for one in found.spending:
        table.add_row(
            _part(one, found.definition),
            percent(one.reached) if one.reached else "",
            f"{one.attempts:.2f}" if one.attempts else "",
            *(seconds(getattr(one, name)) if getattr(one, name) else "" for name in shown),
            percent(one.share),
            seconds(one.missed),
        )
    return headed(title, table)


def _part(one: Spending, root: str) -> str:
    undo = ", undo" if one.direction == "undo" else ""
    return f"{_step(one.saga, one.step, root)}{undo}"


def _step(saga: str, step: str, root: str) -> str:
    return step if saga == root else f"{saga}: {step}"


def _knobs(found: Report) -> Group:
    title = f"what each knob changes, alone ({found.knob_runs:,} runs of the same luck)"
    table = table_of("of", "knob", "now", "turned to: change of the share in time")
    for knob in found.knobs:
        table.add_row(_of(knob, found.definition), knob.knob, _now(knob), _effects(knob))
    legend = "percentage points; = : no more than chance (2 standard errors)"
    return Group(headed(title, table), Text(legend, style="dim"))


def _of(knob: KnobReport, root: str) -> str:
    if knob.knob == "deadline":
        return "the saga"
    return _step(knob.saga, knob.step, root) if knob.step else "all steps"


def _now(knob: KnobReport) -> str:
    return "" if not knob.step and knob.knob in ("timeout", "pause") else _value(knob, knob.now)


def _value(knob: KnobReport, value: float) -> str:
    if knob.knob == "deadline" and not value:
        return "none"
    return seconds(value) if knob.knob in _TIMES else f"{value:g}"


def _effects(knob: KnobReport) -> str:
    shown: list[str] = []
    for one in knob.effects:
        value = f"x{one.factor:g}" if one.factor else _value(knob, one.value)
        shown.append(f"{value}: {_change(one)}")
    return "   ".join(shown)


def _change(one: Effect) -> str:
    if abs(one.change) <= NO_MORE_THAN * one.error or not one.change:
        return "="
    style = "green" if one.change > 0 else "red"
    return f"[{style}]{one.change * 100:+.1f}[/]"
