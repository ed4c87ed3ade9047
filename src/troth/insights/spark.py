"""Reports on a company's own Apache Spark: its master and workers read the files of the lake, bound and add up; only sums come back.

Workers write what they exchange to their own disks, enciphered under a key of the session. They need the lake under the same path.
"""

import json
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any, Final

from troth.kernel import InvalidInput, Unavailable, new_id

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from pyspark.sql import DataFrame, SparkSession

    from troth.insights.readers import Reader

ADDRESS = re.compile(r"spark://([A-Za-z0-9._-]+:\d{1,5})((?:,[A-Za-z0-9._-]+:\d{1,5})*)")
PROPERTIES: Final[Mapping[str, str]] = {
    "spark.io.encryption.enabled": "true",
    "spark.log.level": "ERROR",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
"""What holds whatever the company's `spark-defaults.conf` says: pages of Spark would show the text of queries."""
ANSWERS, STARTS, LONGEST = 5.0, 60.0, 3_600.0
"""How many seconds a master, a first job, and a whole report may take."""


def masters(address: str) -> list[tuple[str, int]]:
    """Hosts and ports of an address of masters.

    Raises:
        InvalidInput: It is none.
    """
    found = ADDRESS.fullmatch(address)
    if found is None:
        raise InvalidInput(
            f"{address[:80]!r} is no address of a Spark master.",
            field="engine",
            mend="Write spark://HOST:PORT as the master's page shows it, such as spark://10.0.0.5:7077.",
        )
    parts = [one.rsplit(":", 1) for one in f"{found[1]}{found[2]}".split(",")]
    return [(host, int(port)) for host, port in parts]


@contextmanager
def open_spark(address: str, properties: Mapping[str, str] | None = None) -> "Iterator[Reader]":
    """A session on a cluster, stopped at the end, so that its cores are free again.

    Args:
        address: Of its master.
        properties: Spark's own, beside those of the company's `spark-defaults.conf`.

    Raises:
        InvalidInput: The address is none.
        Unavailable: Nobody answers there, no worker is free, or Java is missing.
    """
    if not any(_answers(host, port) for host, port in masters(address)):
        raise Unavailable(
            f"No Spark master answers at {address}.",
            mend="Look whether it runs and whether a firewall lets this machine through; or run the report with --engine duckdb.",
        )
    session = _session(address, {**(properties or {}), **PROPERTIES})
    try:
        with _within(session, STARTS, f"Spark at {address} has no free worker."):
            session.range(1).count()
        with _within(session, LONGEST, "Spark took longer than an hour."):
            yield SparkReader(session)
    finally:
        _end(session)


class SparkReader:
    """A session that is open."""

    def __init__(self, session: "SparkSession") -> None:
        import ibis

        self._session, self._backend = session, ibis.pyspark.connect(session)

    def lake(self, place: Path, files: Sequence[str]) -> "ir.Table":
        """Files of a Delta table: its schema is written in Spark's own form, so that Spark need not guess."""
        from deltalake import DeltaTable
        from pyspark.sql.types import StructType

        schema = StructType.fromJson(json.loads(DeltaTable(str(place)).schema().to_json()))
        read = self._session.read.schema(schema).option("basePath", str(place))
        return self._named(read.parquet(*files))

    def rows(self, table: "ir.Table") -> list[dict[str, Any]]:
        """What a table of sums holds."""
        return [row.asDict() for row in self._session.sql(self._backend.compile(table)).collect()]

    def kept(self, table: "ir.Table") -> "ir.Table":
        """A table that the workers keep until the session ends."""
        return self._named(self._session.sql(self._backend.compile(table)).cache())

    def unit(self, visitor: Any) -> Any:
        """Spark's own hash has 32 bits, which too many visitors would share."""
        return visitor

    def digest(self, text: Any) -> Any:
        """Its hexadecimal digits."""
        return text.hexdigest("md5")

    def _named(self, frame: "DataFrame") -> "ir.Table":
        name = f"t_{new_id()}"
        frame.createTempView(name)
        return self._backend.table(name)


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=ANSWERS):
            return True
    except OSError:
        return False


def _session(address: str, properties: Mapping[str, str]) -> "SparkSession":
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(address).appName("Troth")
    for name, value in properties.items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except (PySparkException, OSError) as error:
        raise Unavailable(
            f"Spark does not start here ({type(error).__name__}).",
            mend="Install Java 17 or later, and let `java -version` find it.",
        ) from error


def _end(session: "SparkSession") -> None:
    """Stop a session, and the Java that it ran in, which would hold its memory as long as this process lives."""
    from pyspark import SparkContext

    gateway: Any = session.sparkContext._gateway
    session.stop()
    SparkContext._gateway = SparkContext._jvm = None
    gateway.shutdown()
    gateway.close(keep_callback_server=True)
    with gateway.proc as java:  # it ends when nobody can write to it any more
        java.stdin.close()


@contextmanager
def _within(session: "SparkSession", seconds: float, what: str) -> Iterator[None]:
    """End every job of a session that takes too long, and tell what failed in our words: Spark's could hold values."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    late: list[bool] = []

    def end() -> None:
        late.append(True)
        session.sparkContext.cancelAllJobs()

    watch = Timer(seconds, end)
    watch.start()
    try:
        yield
    except (PySparkException, Py4JError) as error:
        text = what if late else f"Spark could not do it ({type(error).__name__})."
        raise Unavailable(
            text, mend="Look at the master's page for its workers and their logs; run the report again."
        ) from None
    finally:
        watch.cancel()
