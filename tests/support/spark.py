"""Apache Spark on loopback: a standalone master and one worker, out of pyspark's own files."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

HERE = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
SMALL = HERE | {
    "spark.driver.extraJavaOptions": QUICK,
    "spark.executor.extraJavaOptions": QUICK,
    "spark.driver.memory": "512m",
    "spark.executor.memory": "512m",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
}
"""A few rows are quicker without threads, plans and classes made for millions."""


@contextmanager
def daemon(kind: str, *arguments: str, says: str) -> Iterator[str]:
    """One of Spark's standing programs, once it has said something; gives that line."""
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = os.environ | {
        "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "128m", "SPARK_DAEMON_JAVA_OPTS": QUICK,
    }  # fmt: skip
    command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}", "--host", "127.0.0.1"]
    command += ["--port", "0", "--webui-port", "0", *arguments]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            line = next(line for line in process.stderr if says in line)
            Thread(target=process.stderr.read, daemon=True).start()
            yield line
        finally:
            process.terminate()


@contextmanager
def cluster(place: Path, cores: int = 1, memory: str = "600m") -> Iterator[str]:
    """A master and one worker; gives the master's address."""
    with daemon("master.Master", says="Starting Spark master at") as line:
        address = line.split()[-1]
        arguments = ("--cores", str(cores), "--memory", memory, "--work-dir", str(place), address)
        with daemon("worker.Worker", *arguments, says="Successfully registered"):
            yield address
