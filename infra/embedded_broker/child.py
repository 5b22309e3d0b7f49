"""The subprocess: holds the mock cluster and obeys the lines on its standard input.

Each line is a JSON object `{"topic": partitions, ...}` to create; each is answered by one line of
JSON, `{"bootstrap": "HOST:PORT"}` or `{"error": TEXT}`. It ends when its input ends, so it cannot
outlive its parent, however that dies.
"""

import json
import os
import select
import signal
import sys
from typing import TextIO

from infra.embedded_broker.librdkafka import MockCluster

ORPHAN_CHECK_S = 1.0


def main() -> None:
    """Run until the parent is gone; the first argument is the group delay in milliseconds."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends us
    parent = os.getppid()
    try:
        cluster = MockCluster(group_delay_ms=int(sys.argv[1]))
    except (OSError, AttributeError) as error:
        _say({"error": str(error)})
        return
    while (line := _next_line(sys.stdin, parent)) is not None:
        _say(_create(cluster, line))
    os._exit(0)  # librdkafka's threads have nothing to save


def _next_line(stream: TextIO, parent: int) -> str | None:
    """The next line, or None when the parent is gone. A pipe end inherited by some other process
    would hide the parent's end from us, hence the second look at who our parent is."""
    while not select.select([stream], [], [], ORPHAN_CHECK_S)[0]:
        if os.getppid() != parent:
            return None
    return stream.readline() or None


def _create(cluster: MockCluster, line: str) -> dict[str, str]:
    try:
        for name, partitions in json.loads(line).items():
            cluster.create_topic(name, partitions)
    except OSError as error:
        return {"error": str(error)}
    return {"bootstrap": cluster.bootstrap()}


def _say(answer: dict[str, str]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
