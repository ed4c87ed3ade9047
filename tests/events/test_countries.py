"""The country of a visit comes from a local database in the MaxMind DB format, and nothing else of the address is kept."""

from pathlib import Path

import pytest
from litestar.testing import TestClient

import troth
from tests.events.conftest import BROWSER, USAGE
from tests.support.countries import write_country_database
from troth.choice import choice_value
from troth.events.inbox import all_rows
from troth.kernel import InvalidInput, SettableClock
from troth.web import create_app
from troth.web.asgi import App, Receive, Scope, Send

NETWORKS = {"192.0.2.0/24": "NZ", "198.51.100.0/25": "DE", "2001:db8:1::/48": "JP"}
SEEN = {
    "192.0.2.200": "NZ",
    "198.51.100.127": "DE",
    "198.51.100.128": "",
    "2001:db8:1::5": "JP",
    "2001:db8:2::5": "",
    "203.0.113.9": "",
    "no address": "",
}


def settle(folder: Path, database: str) -> None:
    """Set the country database."""
    file = folder / "troth.toml"
    text = file.read_text(encoding="utf-8")
    assert 'country_database = ""' in text
    text = text.replace('country_database = ""', f'country_database = "{database}"')
    file.write_text(text, encoding="utf-8")


def behind_a_proxy(app: App) -> App:
    """The application as a reverse proxy on this machine reaches it."""

    async def reached(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "client": ("127.0.0.1", 1)} if scope["type"] == "http" else scope, receive, send)

    return reached


def test_each_visit_has_the_country_of_its_address(tmp_path: Path, clock: SettableClock) -> None:
    """Addresses of both versions are found by a real reader in a real file; the addresses themselves are stored nowhere."""
    folder = tmp_path / "data"
    troth.init_folder(folder)
    write_country_database(folder / "countries.mmdb", NETWORKS)
    settle(folder, "countries.mmdb")
    with troth.open(folder, clock=clock) as running:
        choice = choice_value(running.policy(), on=clock.now().date(), allowed=[USAGE])
        headers = {"Cookie": f"choice={choice}", "User-Agent": BROWSER}
        with TestClient(behind_a_proxy(create_app(running))) as client:
            for number, address in enumerate(SEEN):
                event = {"n": "pageview", "u": f"https://www.example.com/{number}", "d": "www.example.com"}
                client.cookies.clear()
                answer = client.post(
                    "/api/event", json=event, headers={**headers, "X-Forwarded-For": address}
                )
                assert answer.status_code == 202
        with running.database.snapshot() as tx:
            found = {row.page.rpartition("/")[2]: row.country for _, row in all_rows(tx)}
    assert found == {str(number): country for number, country in enumerate(SEEN.values())}
    kept = b"".join(path.read_bytes() for path in folder.rglob("*.db*"))
    assert b"192.0.2.200" not in kept


def test_what_is_no_database_is_refused_at_the_start(tmp_path: Path) -> None:
    """A file that is cut off is named with the setting, not met at the first visit."""
    folder = tmp_path / "data"
    troth.init_folder(folder)
    write_country_database(folder / "countries.mmdb", NETWORKS)
    whole = (folder / "countries.mmdb").read_bytes()
    (folder / "countries.mmdb").write_bytes(whole[: len(whole) // 3])
    settle(folder, "countries.mmdb")
    with troth.open(folder) as running, pytest.raises(InvalidInput) as caught:
        create_app(running)
    assert caught.value.field == "events.country_database"
