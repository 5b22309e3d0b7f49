"""Apache Kafka's jars, fetched once from its Maven artifacts into a cache folder."""

import contextlib
import os
import shutil
import tempfile
from importlib import resources
from pathlib import Path

from infra.kafka.errors import FetchFailed
from infra.kafka.programs import program, run

KAFKA_VERSION = "4.3.1"
FETCH_TIMEOUT_S = 600.0


def default_cache() -> Path:
    """`SAGA_KAFKA_CACHE`, else `saga` in the user's cache folder."""
    chosen = os.environ.get("SAGA_KAFKA_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "saga"


def is_fetched(cache: Path | None = None) -> bool:
    """Whether the jars are there, so that a start needs no network and no Maven."""
    return _jars(cache or default_cache()).is_dir()


def fetch(cache: Path | None = None) -> Path:
    """The folder with the jars, fetched (44 MB) if it is not there.

    Built aside and renamed into place, so that two fetches at once are safe and a broken one leaves
    nothing. Raises `ProgramMissing` and `FetchFailed`.
    """
    cache = cache or default_cache()
    jars = _jars(cache)
    if jars.is_dir():
        return jars
    maven = program("mvn")
    program("java")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".kafka-", dir=cache) as aside:
        work = Path(aside)
        pom = resources.files("infra.kafka").joinpath("pom.xml").read_bytes()
        (work / "pom.xml").write_bytes(pom)
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={work / 'lib'}"]
        run([maven, "-q", "-B", *goal], failure=FetchFailed, timeout_s=FETCH_TIMEOUT_S, cwd=work)
        if not list(work.glob(f"lib/kafka_*-{KAFKA_VERSION}.jar")):
            raise FetchFailed("Maven reported success and brought no Kafka")
        _put_in_place(work / "lib", jars)
    return jars


def _put_in_place(built: Path, jars: Path) -> None:
    with contextlib.suppress(OSError):  # somebody else was faster: theirs is as good
        built.rename(jars)
    if not jars.is_dir():
        shutil.move(built, jars)


def _jars(cache: Path) -> Path:
    return cache / f"kafka-{KAFKA_VERSION}"
