"""What a message costs in each of CloudEvents' two modes: build it, put it into a Kafka batch,
read it.

``python -m tests.measurements.envelope_modes`` prints microseconds a message and their ratio
(docs/adr/0001).
"""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import msgspec
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from pydantic import TypeAdapter

from contracts.envelope import COMMAND, HEADERS, CommandMessage, decode

MESSAGE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "1/1024/payment/do/1/1",
    "source": "saga-orchestrator",
    "type": "ChargePayment",
    "tenant": "1",
    "saga": "1024",
    "step": "payment",
    "direction": "do",
    "round": 1,
    "attempt": 1,
    "deadline": "1763719200000",
    "idempotencykey": "1/1024/payment/do/1",
    "replytopic": "saga.replies",
    "replypartition": 3,
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "data": {"order_id": 17, "user_id": 4, "amount": 1999, "currency": "EUR"},
}
ATTRIBUTES: TypeAdapter[CommandMessage] = TypeAdapter(CommandMessage)
BATCH = 100


def _batch(records: list[tuple[bytes, list[tuple[str, bytes]]]]) -> bytes:
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=0, is_transactional=0, producer_id=-1, producer_epoch=-1,
        base_sequence=0, batch_size=1 << 20,
    )  # fmt: skip
    for offset, (value, headers) in enumerate(records):
        builder.append(offset, 1, b"1024", value, headers)
    return bytes(builder.build())


def structured() -> bytes:
    """One JSON document a message."""
    return _batch([(msgspec.json.encode(MESSAGE), HEADERS) for _ in range(BATCH)])


def read_structured(raw: bytes) -> None:
    """Validate each document."""
    for record in DefaultRecordBatch(bytearray(raw)):
        decode(COMMAND, record.value)


def binary() -> bytes:
    """Attributes as headers, the data alone as the value."""
    records: list[tuple[bytes, list[tuple[str, bytes]]]] = []
    for _ in range(BATCH):
        headers = [(f"ce_{k}", str(v).encode()) for k, v in MESSAGE.items() if k != "data"]
        records.append((msgspec.json.encode(MESSAGE["data"]), headers))
    return _batch(records)


def read_binary(raw: bytes) -> None:
    """Collect the attributes from the headers, then validate the same way."""
    for record in DefaultRecordBatch(bytearray(raw)):
        message: dict[str, Any] = {k[3:]: v.decode() for k, v in record.headers}
        message["data"] = msgspec.json.decode(record.value)
        ATTRIBUTES.validate_python(message)


def _cost(work: Callable[[], object], repeats: int = 200) -> float:
    """Microseconds a message: the best of several rounds, as noise only adds."""
    rounds: list[float] = []
    for _ in range(7):
        began = perf_counter()
        for _ in range(repeats):
            work()
        rounds.append((perf_counter() - began) / repeats / BATCH * 1e6)
    return min(rounds)


def main() -> None:
    """Print both modes side by side."""
    one, other = structured(), binary()
    rows = {
        "write": (_cost(structured), _cost(binary)),
        "read": (_cost(lambda: read_structured(one)), _cost(lambda: read_binary(other))),
        "bytes": (len(one) / BATCH, len(other) / BATCH),
    }
    print(f"{'a message':12}{'structured':>12}{'binary':>12}{'ratio':>8}")
    for name, (first, second) in rows.items():
        print(f"{name:12}{first:12.1f}{second:12.1f}{second / first:8.2f}")


if __name__ == "__main__":
    main()
