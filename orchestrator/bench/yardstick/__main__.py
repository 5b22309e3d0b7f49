"""``python -m orchestrator.bench.yardstick loop|services FOLDER``, the broker from the
environment.
"""

import asyncio
import sys
from pathlib import Path

from infra.broker.settings import BrokerSettings
from orchestrator.bench.yardstick.loop import Loop
from orchestrator.bench.yardstick.services import serve


async def _run(role: str, folder: Path) -> None:
    broker = BrokerSettings()
    await (Loop(broker, folder).run() if role == "loop" else serve(broker, folder))


asyncio.run(_run(sys.argv[1], Path(sys.argv[2])))
