"""`troth connector`: added, checked, listed and removed, on the command line."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.connectors.shop import DATASET, fill
from tests.support.process import ClockFile, Troth


@pytest.mark.slow
def test_a_connector_on_the_command_line(tmp_path: Path) -> None:
    """The URL stays in its variable or file; the check tells what is wrong, by status too; a webhook gets a secret."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    engine = sa.create_engine(url)
    fill(engine)
    engine.dispose()
    troth = Troth(tmp_path / "data", ClockFile(tmp_path / "clock"), {"SHOP_URL": url})
    troth.init()
    file = tmp_path / "shop.yml"
    file.write_text(DATASET, encoding="utf-8")

    def told(*arguments: str, status: int = 0) -> dict[str, object]:
        found: dict[str, object] = json.loads(
            troth.run("--json", "connector", *arguments, status=status).stdout
        )
        return found

    assert told("list") == {"connectors": []}
    assert told("add", "shop", "--dataset", str(file), "--url-variable", "SHOP_URL")["kind"] == "sql"
    assert told("check", "shop")["errors"] == 0
    file.write_text(DATASET.replace("name: street", "name: strasse"), encoding="utf-8")
    assert told("add", "mended", "--dataset", str(file), "--url-variable", "SHOP_URL")
    wrong = told("check", "mended", status=1)
    assert wrong["errors"] == 1
    assert "strasse" in troth.run("connector", "check", "mended", status=1).stdout
    told("add", "shop", "--dataset", str(file), "--url-variable", "SHOP_URL", status=1)
    hook = ("--webhook", "https://desk.example.com/hook", "--recipient", "customer-desk")
    secret = Path(str(told("add", "desk", *hook)["secret_file"]))
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.read_text(encoding="ascii").startswith("whsec_")
    assert [one["name"] for one in told("list")["connectors"]] == ["desk", "mended", "shop"]  # type: ignore[attr-defined]
    assert url not in "".join(path.read_text() for path in (tmp_path / "data" / "connectors").iterdir())
    told("remove", "desk")
    assert not secret.exists()
    told("remove", "desk", status=1)
