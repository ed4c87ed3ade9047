"""Clients that run on servers work unchanged with an API key in the path of their base address."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.clauses.vendor import Vendor
from tests.clients.counted import USAGE, rows

UMAMI = "0a6b2f3c-5d1e-4f7a-9b8c-1d2e3f4a5b6c"


def node(packages: Path, script: str) -> list[object]:
    """Run a script beside the packages; gives the JSON that it prints."""
    done = subprocess.run(
        ["node", "--input-type=commonjs", "-e", script],
        cwd=packages.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[object] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_umami_node(packages: Path, company: Vendor) -> None:
    """`@umami/node` tracks events; attaching properties to a visitor is refused; without a grant nothing is kept."""
    key = company.key("service.collection", USAGE)
    other = company.key("service.collection", "essential.service")
    with company.open() as site:
        base = site.server.base_url
        script = f"""
        const {{ Umami }} = require("@umami/node");
        (async () => {{
          const good = new Umami({{ websiteId: "{UMAMI}", hostUrl: "{base}/s/{key}" }});
          const bad = new Umami({{ websiteId: "{UMAMI}", hostUrl: "{base}/s/{other}" }});
          const none = new Umami({{ websiteId: "{UMAMI}", hostUrl: "{base}/s/{key}x" }});
          const answers = [
            await good.track("signup", {{ plan: "large" }}),
            await good.track({{ url: "/pricing?email=ann@example.com", title: "Prices" }}),
            await good.identify({{ email: "ann@example.com" }}),
            await bad.track("signup"),
            await none.track("signup"),
          ];
          const bodies = await Promise.all(answers.map((one) => one.json()));
          console.log(JSON.stringify(answers.map((one, n) => [one.status, Object.keys(bodies[n]).sort()])));
        }})();
        """
        answers = node(packages, script)
    session = ["cache", "sessionId", "visitId"]
    assert answers[:2] == [[200, session], [200, session]]
    assert [one[0] for one in answers[2:]] == [422, 200, 401]  # type: ignore[index]
    kept = rows(company)
    assert [(row.name, row.page, row.props) for row in kept] == [
        ("signup", "www.example.com/", '{"plan":"large"}'),
        ("pageview", "www.example.com/pricing", ""),
    ]
    assert company.files_with("ann@example.com") == []


@pytest.mark.slow
def test_matomo_tracker(packages: Path, company: Vendor) -> None:
    """`matomo-tracker` tracks by picture and in bulk; a request with the same `rand` counts once."""
    key = company.key("service.collection", USAGE)
    with company.open() as site:
        script = f"""
        const MatomoTracker = require("matomo-tracker");
        const matomo = new MatomoTracker(1, "{site.server.base_url}/s/{key}/matomo.php");
        const failures = [];
        matomo.on("error", (error) => failures.push(String(error)));
        const page = "https://www.example.com/";
        const first = {{ url: page + "one", action_name: "One", _id: "0123456789abcdef", rand: "7" }};
        matomo.track({{ ...first }});
        matomo.track({{ ...first }});
        const steps = [
          () => matomo.trackBulk([
            {{ url: page + "two", e_c: "video", e_a: "play", e_n: "intro", e_v: 3, _id: "0123456789abcdef" }},
            {{ url: page + "three", uid: "ann@example.com" }},
          ], (body) => steps.push(() => console.log(JSON.stringify([JSON.parse(body), failures])))),
        ];
        process.on("beforeExit", () => steps.length && steps.shift()());
        """
        answers = node(packages, script)
    assert answers == [{"status": "success", "tracked": 1, "invalid": 1}, []]
    kept = rows(company)
    assert [(row.name, row.page) for row in kept] == [
        ("pageview", "www.example.com/one"),
        ("video / play", "www.example.com/two"),
    ]
    assert kept[0].visitor == kept[1].visitor
    assert len(kept[0].visitor) == 32
    assert company.files_with("0123456789abcdef") == []
