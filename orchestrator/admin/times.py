"""Times and durations as people read them."""

from datetime import UTC, datetime


def clock(at: int) -> str:
    """Unix milliseconds as a time of day and date in UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def offset(ms: int) -> str:
    """Milliseconds since the start of a saga: `+12 ms`, `+3.2 s`, `+2 h 5 min`."""
    if ms < 1_000:
        return f"+{ms} ms"
    if ms < 60_000:
        return f"+{ms / 1000:.1f} s"
    minutes, hours = ms // 60_000 % 60, ms // 3_600_000
    return f"+{hours} h {minutes} min" if hours else f"+{minutes} min"


def duration(ms: int) -> str:
    """A length of time in its largest fitting unit: `2 d`, `24 h`, `90 s`, `2.5 s`."""
    for unit, name in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min")):
        if (ms >= 2 * unit and ms % unit == 0) or ms == unit:
            return f"{ms // unit} {name}"
    return f"{ms / 1_000:g} s"
