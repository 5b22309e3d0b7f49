"""The few functions of librdkafka's mock cluster in use, by ctypes.

`confluent-kafka` ships the library and no Python names for these. They are declared in librdkafka's
`rdkafka_mock.h`. A symbol is looked up through the extension module, which finds it in the library
that the wheel linked it to, whatever the platform called that file.
"""

import ctypes
from typing import Any

from confluent_kafka import cimpl

RD_KAFKA_PRODUCER = 0
ERROR_TEXT_BYTES = 512


def load() -> Any:
    """The library, with argument and result types set. Raises `OSError` or `AttributeError` when
    this wheel has no mock cluster."""
    lib = ctypes.CDLL(cimpl.__file__)
    text, pointer, number = ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "rd_kafka_conf_new": (pointer, []),
        "rd_kafka_conf_set": (number, [pointer, text, text, text, ctypes.c_size_t]),
        "rd_kafka_new": (pointer, [number, pointer, text, ctypes.c_size_t]),
        "rd_kafka_err2str": (text, [number]),
        "rd_kafka_mock_cluster_new": (pointer, [pointer, number]),
        "rd_kafka_mock_cluster_bootstraps": (text, [pointer]),
        "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, [pointer, ctypes.c_int32]),
        "rd_kafka_mock_topic_create": (number, [pointer, text, number, number]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(lib, name)
        function.restype = result
        function.argtypes = arguments
    return lib


class MockCluster:
    """One broker on a free loopback port, alive as long as this process."""

    def __init__(self, group_delay_ms: int) -> None:
        self._lib = load()
        error = ctypes.create_string_buffer(ERROR_TEXT_BYTES)
        conf = self._lib.rd_kafka_conf_new()
        # the handle only carries the cluster; it must not talk (librdkafka logs to stderr)
        self._lib.rd_kafka_conf_set(conf, b"log_level", b"0", error, len(error))
        handle = self._lib.rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, len(error))
        if not handle:
            raise OSError(error.value.decode())
        self._cluster = self._lib.rd_kafka_mock_cluster_new(handle, 1)
        if not self._cluster:
            raise OSError("librdkafka could not start its mock cluster")
        self._lib.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, group_delay_ms)

    def bootstrap(self) -> str:
        """HOST:PORT of the broker."""
        return self._lib.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()

    def create_topic(self, name: str, partitions: int) -> None:
        """Create a topic. Raises `OSError` with librdkafka's reason, e.g. when it exists."""
        code = self._lib.rd_kafka_mock_topic_create(self._cluster, name.encode(), partitions, 1)
        if code:
            raise OSError(f"topic {name}: {self._lib.rd_kafka_err2str(code).decode()}")
