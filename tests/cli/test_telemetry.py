"""`troth telemetry`: metrics checked, as a document, as typed code in two languages, and out of a Glean file."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.inside import call
from tests.support.reference import REFERENCE
from tests.telemetry.test_report import DOCUMENT
from troth.cli.telemetry_code import python_source, typescript_source
from troth.policy import check_policy
from troth.telemetry import Schema, serialize_report

GLEAN = Path(__file__).parent / "metrics.yaml"
TERMS = (
    "--purpose",
    "analytics.reporting.telemetry",
    "--category",
    "system.operations.telemetry",
    "--destination",
    "telemetry.example.com",
)


def told(*arguments: str | Path, status: int = 0) -> dict[str, Any]:
    """The JSON document of a command."""
    found: dict[str, Any] = json.loads(
        call(dict(os.environ), "--json", "telemetry", *arguments, status=status).stdout
    )
    return found


def test_what_would_be_sent() -> None:
    """The check shows every metric with its reason, and a report for each product."""
    found = told("check", REFERENCE)
    assert found["findings"] == []
    assert set(found["reports"]) == {"example-sensor", "example-server"}
    names = {one["name"] for one in found["metrics"]}
    report = found["reports"]["example-sensor"]
    assert set(report["metrics"]) <= names
    assert all(one["reason"] for one in found["metrics"])
    text = call(dict(os.environ), "telemetry", "check", REFERENCE).stdout
    assert "no findings" in text
    assert json.dumps(report, sort_keys=True, separators=(",", ":")) in text


@pytest.mark.parametrize("name", ["host_name", "licence_key", "user_count", "serial_7", "path_depth"])
def test_a_name_that_points_to_somebody_is_refused(tmp_path: Path, name: str) -> None:
    """A metric whose name could point to an installation or person is a finding, with the line."""
    policy = tmp_path / "policy.md"
    text = REFERENCE.read_text(encoding="utf-8")
    policy.write_text(text.replace("name: crashes\n", f"name: {name}\n"), encoding="utf-8")
    found = told("check", policy, status=1)
    assert [one["check"] for one in found["findings"]] == ["telemetry-identity"]
    assert name in call(dict(os.environ), "telemetry", "check", policy, status=1).stdout


def test_the_schema_document() -> None:
    """The document is what the sender takes."""
    schema = Schema.from_document(told("schema", "--policy", REFERENCE))
    text = call(dict(os.environ), "telemetry", "schema", "--policy", REFERENCE).stdout
    assert Schema.from_document(json.loads(text)) == schema


NASTY: dict[str, Any] = {
    **DOCUMENT,
    "controller": 'A "quoted" \\ name */ and """',
    "metrics": [
        {
            **one,
            "title": "a title",
            "owner": "us",
            "expires": "never",
            "since": "5",
            "reason": 'It\'s "why" \\n """ */ {x}',
        }
        for one in [
            *DOCUMENT["metrics"],
            {"name": "class", "type": "counter", "maximum": 3},
            {"name": "time_search_time", "type": "counter", "maximum": 3},
        ]
    ],
}
USE = """
from generated import open_metrics
import sys
metrics = open_metrics(sys.argv[1], product="p", release="5.2", endpoint="https://telemetry.example.com", uploads=False)
metrics.errors()
metrics.errors(2)
metrics.features("search")
metrics.cores(8)
metrics.search_time(20)
with metrics.time_search_time_():
    pass
metrics.dark(True)
metrics.edition("server")
metrics.weeks(2)
metrics.class_()
metrics.time_search_time()
metrics.telemetry.close()
from troth.telemetry import Sender, Schema
from generated import DOCUMENT
body = Sender(Schema.from_document(DOCUMENT), sys.argv[1], product="p", release="5.2", endpoint="https://telemetry.example.com").preview()
print((body or b"").decode())
"""


def alone(tmp_path: Path) -> Path:
    """A folder with the sender, and nothing else of Troth."""
    source = Path(sys.modules["troth.telemetry"].__file__ or "").parent
    shutil.copytree(
        source, tmp_path / "alone" / "troth" / "telemetry", ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path / "alone"


def test_python_records(tmp_path: Path) -> None:
    """The generated module records through the sender alone, whatever quotes stand in the reasons."""
    folder = alone(tmp_path)
    (folder / "generated.py").write_text(python_source(NASTY), encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(folder)!r})\n{USE}",
            str(tmp_path / "data"),
        ],
        env={"TROTH_TELEMETRY": "on"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    metrics = json.loads(done.stdout)["metrics"]
    metrics.pop("dark")
    timed = metrics.pop("search_time")
    assert (sum(timed), timed[1] > 0) == (2, True)  # how long nothing takes is a matter of the machine
    assert metrics == {
        "class": 1,
        "cores": 8,
        "edition": "server",
        "errors": 3,
        "features": {"search": 1},
        "time_search_time": 1,
        "weeks": 1,
    }


@pytest.mark.slow
def test_python_is_typed(tmp_path: Path) -> None:
    """What is generated passes strict type checks; a label that is not declared, or another type, does not."""
    (tmp_path / "generated.py").write_text(python_source(NASTY), encoding="utf-8")
    good = 'm.features("search", 2)\nm.cores(1)\nm.edition("server")\nm.dark(value=True)\n'
    bad = 'm.features("delete")\nm.cores("8")\nm.edition("laptop")\nm.unknown()\nm.errors(n=None)\n'
    head = "from generated import Metrics\n\n\ndef use(m: Metrics) -> None:\n"
    for name, lines in (("good", good), ("bad", bad)):
        body = "".join(f"    {line}\n" for line in lines.splitlines())
        (tmp_path / f"{name}.py").write_text(head + body, encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--no-error-summary",
            "--cache-dir",
            str(tmp_path / "cache"),
            "good.py",
            "bad.py",
            "generated.py",
        ],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(alone(tmp_path))},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    found = [line.partition(": error")[0] for line in done.stdout.splitlines() if ": error" in line]
    assert found == [f"bad.py:{number}" for number in range(5, 10)], done.stdout


@pytest.mark.slow
def test_typescript_is_typed_and_makes_the_same_bytes(tmp_path: Path) -> None:
    """What is generated passes the strict compiler; wrong labels and types do not; its report has the sender's bytes."""
    from tests.support import clients

    (tmp_path / "metrics.ts").write_text(typescript_source(NASTY), encoding="utf-8")
    use = """import { Metrics, WeekSums } from "./metrics.js";
const sums = new WeekSums();
const metrics = new Metrics(sums);
metrics.errors();
metrics.errors(2);
metrics.features("search");
metrics.cores(8);
metrics.searchTime(20);
metrics.searchTime(0.5);
metrics.dark(true);
metrics.edition("server");
metrics.weeks(2);
metrics.class();
sums.add("other", 1);
sums.add("features", 1, "delete");
sums.add("errors", -1);
sums.set("cores", 65);
sums.observe("errors", 1);
console.log(JSON.stringify([sums.report("p", "5.2", "2015-W17"), sums.refused]));
"""
    bad = """import { Metrics, WeekSums } from "./metrics.js";
const metrics = new Metrics(new WeekSums());
metrics.features("delete");
metrics.cores("8");
metrics.edition("laptop");
metrics.unknown();
"""
    (tmp_path / "use.ts").write_text(use, encoding="utf-8")
    (tmp_path / "bad.ts").write_text(bad, encoding="utf-8")
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(clients.packages())
    compiler = [
        "node",
        "node_modules/typescript/bin/tsc",
        "--strict",
        "--noUncheckedIndexedAccess",
        "--noUnusedLocals",
        "--target",
        "es2022",
        "--module",
        "nodenext",
        "--lib",
        "es2022,dom",
    ]
    done = subprocess.run(
        [*compiler, "use.ts"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stdout == ""
    ran = subprocess.run(
        ["node", "use.js"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    report, refused = json.loads(ran.stdout)
    values = {
        "errors": 3, "features": {"search": 1}, "cores": 8, "search_time": [1, 1, 0], "edition": "server", "weeks": 1, "class": 1,
    }  # fmt: skip
    assert refused == 5
    assert report.encode() == serialize_report(
        Schema.from_document(NASTY), product="p", release="5.2", week="2015-W17", values=values
    )
    done = subprocess.run(
        [*compiler, "--noEmit", "bad.ts"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert [line.partition(",")[0] for line in done.stdout.splitlines() if "error TS" in line] == [
        f"bad.ts({number}" for number in range(3, 7)
    ]


def test_generating_into_a_file(tmp_path: Path) -> None:
    """The accessors of the reference policy, in both languages."""
    for language in ("python", "typescript"):
        output = tmp_path / language
        found = told("generate", "--language", language, "--policy", REFERENCE, "--output", output)
        assert output.read_text(encoding="utf-8") == found["source"]
        assert "It shows how long people wait for a search." in found["source"]


def test_a_glean_file() -> None:
    """What fits becomes rule blocks that the policy takes as they are; the rest is told with why."""
    found = told("import-glean", GLEAN, *TERMS)
    assert set(found["declared"]) == {
        "toolbar.clicks",
        "toolbar.click_kinds",
        "page.perf.load_time",
        "page.perf.dark_mode",
    }
    text = REFERENCE.read_text(encoding="utf-8")
    mark = "### A sample to look at {#II.7}"
    assert text.count(mark) == 1
    pasted = text.replace(mark, "\n".join(found["declared"].values()) + "\n" + mark)
    assert [str(one) for one in check_policy(pasted.encode(), "policy.md")] == []
    assert "ann@example.com" not in pasted
    block = found["declared"]["page.perf.load_time"]
    assert "expires: 2030-06-01" in block
    assert "type: timing" in block
    reasons = {name: why.partition(":")[0].partition(";")[0] for name, why in found["left_out"].items()}
    assert reasons == {
        "toolbar.free_labels": "labeled_counter without a list of labels",
        "toolbar.camel_labels": "1 of its 2 labels are no short words in lower case, or may point to somebody",
        "toolbar.opened": "event",
        "page.perf.heap": "memory_distribution",
        "page.perf.open_tabs": "it expires with a version of the product",
        "page.perf.gone": "it has expired",
        "page.perf.switched_off": "it is disabled",
        "page.perf.kinds_on": "labeled_boolean",
        "client.annotation.client_id": "uuid",
        "client.annotation.host_name_seen": "'host' in its name may point to somebody",
        "client.annotation.nickname": "string",
        "client.annotation.history": "web_activity",
        "client.annotation.untold": "it has no description, so nobody could be told why it is collected",
    }
    more = told("import-glean", GLEAN, *TERMS, "--expires", "2027-01-01")
    assert "expires: 2027-01-01" in more["declared"]["page.perf.open_tabs"]
    ended = call(dict(os.environ), "telemetry", "import-glean", GLEAN, *TERMS)
    assert "Left out: client.annotation.client_id: uuid" in ended.stderr
    assert ended.stdout.count("declare: telemetry") == 4


@pytest.mark.parametrize(
    "content", ["a: [", "a: 1", "$schema: moz://mozilla.org/schemas/glean/pings/2-0-0\n", "- 1"]
)
def test_another_file(tmp_path: Path, content: str) -> None:
    """What is no file of Glean metrics is refused."""
    file = tmp_path / "metrics.yaml"
    file.write_text(content, encoding="utf-8")
    assert (
        "metrics.yaml" in call(dict(os.environ), "telemetry", "import-glean", file, *TERMS, status=1).stderr
    )
