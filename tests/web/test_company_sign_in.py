"""Signing in at the console by the company's own OpenID provider: a real one, in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from litestar.testing import TestClient

from tests.support.policies import any_serial_file
from tests.support.process import free_port
from tests.support.waiting import wait_until
from tests.web.conftest import Web
from troth.bootstrap import init_folder, open_troth
from troth.kernel import SettableClock, micros
from troth.web import create_app
from troth.web.console.desk import desk_cookie

BACK = "/console/sign-in/company/back"
PEOPLE = {
    "ann": {"sub": "ann", "name": "Ann Example", "groups": ["everybody", "privacy-desk"]},
    "bob": {"sub": "bob", "name": "Bob Example", "groups": ["everybody"]},
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of the provider, which knows two people."""
    port = free_port()
    claims = [part for one in PEOPLE.values() for part in ("--user-claims", json.dumps(one))]
    command = [
        sys.executable,
        "-m",
        "oidc_provider_mock",
        "--port",
        str(port),
        "--require-nonce",
        "true",
        *claims,
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        base = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            try:
                return httpx.get(
                    f"{base}/.well-known/openid-configuration", trust_env=False, timeout=60
                ).is_success
            except httpx.TransportError:
                return False

        try:
            wait_until(answers, "the provider answers")
            yield httpx.get(f"{base}/.well-known/openid-configuration", trust_env=False, timeout=60).json()[
                "issuer"
            ]
        finally:
            process.terminate()
            process.wait(60)


class _MachineClock(SettableClock):
    """The machine's time, which the provider has too, and what a test advances it by: it does not stand still meanwhile."""

    def now(self) -> datetime:
        """The machine's present instant, so much later."""
        return datetime.now(UTC) + (super().now() - _START)


_START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class Company(NamedTuple):
    """A served folder whose staff come from the provider."""

    web: Web

    def ask(
        self, following: str = "/console", *, again: bool = False, holding: str = ""
    ) -> tuple[str, dict[str, list[str]], str]:
        """Begin: where the browser is sent, with what, and the cookie that it keeps."""
        given = {"next": following} | ({"again": "yes"} if again else {})
        headers = {"Cookie": f"{desk_cookie(self.web.app.site)}={holding}"} if holding else {}
        answer = self.web.client.get(
            "/console/sign-in/company", params=given, headers=headers, follow_redirects=False
        )
        assert answer.status_code == 303, answer.text
        cookie = answer.cookies[desk_cookie(self.web.app.site)]
        self.web.client.cookies.clear()
        where = answer.headers["location"]
        return where, parse_qs(urlsplit(where).query), cookie

    def says(self, where: str, sub: str) -> dict[str, str]:
        """The provider, asked as a browser would, sends somebody back with this."""
        answer = httpx.post(where, data={"sub": sub, "action": "authorize"}, trust_env=False, timeout=60)
        assert answer.status_code == 302, answer.text
        told = parse_qs(urlsplit(answer.headers["location"]).query)
        return {name: values[0] for name, values in told.items()}

    def back(self, cookie: str, **told: str) -> httpx.Response:
        """Come back with a cookie."""
        headers = {"Cookie": f"{desk_cookie(self.web.app.site)}={cookie}", "Accept": "text/html"}
        answer = self.web.client.get(BACK, params=told, headers=headers, follow_redirects=False)
        self.web.client.cookies.clear()
        return answer

    def sign_in(self, sub: str) -> httpx.Response:
        """All of it."""
        where, _, cookie = self.ask()
        return self.back(cookie, **self.says(where, sub))

    def key(self, answer: httpx.Response) -> str:
        """The session that an answer opens."""
        return answer.cookies[desk_cookie(self.web.app.site)]

    def tells(self, sub: str, **more: object) -> None:
        """Have the provider tell more of somebody from now on."""
        base = self.web.troth.settings.staff.company.issuer.rstrip("/")
        told = httpx.put(f"{base}/users/{sub}", json={**PEOPLE[sub], **more}, trust_env=False, timeout=60)
        assert told.is_success, told.text


@contextmanager
def _served(folder: Path, **company: object) -> Iterator[Company]:
    clock = _MachineClock(_START)
    init_folder(folder, policy=any_serial_file(folder.parent), clock=clock)
    settings = folder / "troth.toml"
    lines = settings.read_text(encoding="utf-8").split("[staff.company]")[0]
    told = "\n".join(f"{name} = {json.dumps(value)}" for name, value in company.items())
    settings.write_text(f"{lines}[staff.company]\n{told}\n", encoding="utf-8")
    (folder / "keys" / "oidc.txt").write_text("made-for-tests\n", encoding="utf-8")
    with open_troth(folder, clock=clock) as troth:
        app = create_app(troth)
        with TestClient(app, raise_server_exceptions=False) as client:
            yield Company(Web(troth, app, client, {}, clock))


@pytest.fixture
def served(tmp_path: Path, issuer: str) -> Iterator[Company]:
    """Staff whose group has a role are added."""
    with _served(
        tmp_path / "data",
        issuer=issuer,
        client_id="troth",
        private=True,
        create=True,
        groups=["privacy-desk=staff.privacy"],
    ) as found:
        yield found  # fmt: skip


def test_whose_group_has_a_role_works_in_it(served: Company) -> None:
    """Discovery, PKCE, nonce and state; the same one is the same member again, and the role is that of the policy."""
    _, asked, _ = served.ask()
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    answer = served.sign_in("ann")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console"), answer.text
    assert served.sign_in("ann").status_code == 303
    (member,) = served.web.troth.roster.members()
    assert (member.title, member.role) == ("Ann Example", "staff.privacy")
    key = answer.cookies[desk_cookie(served.web.app.site)]
    who = served.web.troth.staff.working(key)
    assert who is not None
    assert who.proven(who.opened_at)  # the provider says that she signed in there just now


@pytest.fixture
def as_before(served: Company) -> Iterator[Company]:
    """Afterwards the provider tells of Ann what it told before."""
    yield served
    served.tells("ann")


def test_who_signs_in_there_anew_has_shown_who_they_are(as_before: Company) -> None:
    """They are sent with `prompt=login` and `max_age=0`; the new session is proven, goes on where they were, and ends the old."""
    as_before.tells("ann", auth_time=int(as_before.web.clock.now().timestamp()) - 3600)
    old = as_before.key(as_before.sign_in("ann"))
    staff, clock = as_before.web.troth.staff, as_before.web.clock
    who = staff.working(old)
    assert who is not None
    assert not who.proven(micros(clock.now()))
    where, asked, cookie = as_before.ask("/console/me", again=True, holding=old)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    assert staff.working(old) is None
    as_before.tells("ann", auth_time=int(clock.now().timestamp()))
    answer = as_before.back(cookie, **as_before.says(where, "ann"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/me")
    who = staff.working(as_before.key(answer))
    assert who is not None
    assert who.proven(micros(clock.now()))


@pytest.mark.parametrize("ago", [None, "just now", -7200, 90, 599, 3600, 1 << 60])
def test_a_provider_that_did_not_ask_anew_is_not_believed(as_before: Company, ago: int | str | None) -> None:
    """No time of signing in, one that is no number, one to come, or one before we asked: nobody has shown who they are."""
    now = int(as_before.web.clock.now().timestamp())
    where, _, cookie = as_before.ask(again=True)
    as_before.tells("ann", auth_time=now - ago if isinstance(ago, int) else ago)
    answer = as_before.back(cookie, **as_before.says(where, "ann"))
    assert answer.status_code == 401
    assert as_before.web.troth.roster.members() == []
    assert as_before.sign_in("ann").status_code == 303  # to work there it is enough


def test_time_that_passed_there_is_no_matter(as_before: Company) -> None:
    """Who takes five minutes to sign in anew has done so after we asked."""
    where, _, cookie = as_before.ask(again=True)
    as_before.web.clock.advance(timedelta(minutes=5))
    as_before.tells("ann", auth_time=int(as_before.web.clock.now().timestamp()) - 200)
    assert as_before.back(cookie, **as_before.says(where, "ann")).status_code == 303


def test_nobody_else_is_let_in(served: Company) -> None:
    """Without a group that has a role nobody is added; who was shut out stays out."""
    assert served.sign_in("bob").status_code == 401
    assert served.web.troth.roster.members() == []
    assert served.sign_in("ann").status_code == 303
    served.web.troth.roster.disable(served.web.troth.roster.members()[0].name)
    assert served.sign_in("ann").status_code == 401


def test_an_answer_counts_once_and_for_its_own_browser(served: Company) -> None:
    """Not again, not with another state, not in another browser, and not from another provider."""
    where, _, cookie = served.ask()
    _, _, another = served.ask()
    told = served.says(where, "ann")
    for bad, cookie_of in (
        ({**told, "state": "0" * 64}, cookie),
        (told, another),
        (told, "company.00.00"),
        (told, ""),
        ({"error": "access_denied", "state": told["state"]}, cookie),
    ):
        assert served.back(cookie_of, **bad).status_code == 401
    assert served.back(cookie, **told).status_code == 303
    assert served.back(cookie, **told).status_code == 401
    where, _, cookie = served.ask()
    told = {**served.says(where, "ann"), "iss": "https://evil.example"}
    assert served.back(cookie, **told).status_code == 401


def test_a_code_of_another_question_is_refused(served: Company) -> None:
    """A code that was stolen from another browser's question does not fit verifier and nonce."""
    where, _, _ = served.ask()
    stolen = served.says(where, "ann")["code"]
    where, _, cookie = served.ask()
    told = served.says(where, "bob")
    assert served.back(cookie, **{**told, "code": stolen}).status_code == 401
    assert served.web.troth.roster.members() == []


def test_what_was_said_to_another_client_or_is_over_is_refused(served: Company) -> None:
    """The audience must be us, and the token not over."""
    provider = served.web.troth.provider
    assert provider is not None
    where, _, cookie = served.ask()
    told = served.says(where, "ann")
    provider._client_id = "another"
    assert served.back(cookie, **told).status_code == 401
    provider._client_id = "troth"
    where, _, cookie = served.ask()
    told = served.says(where, "ann")
    served.web.clock.advance(timedelta(hours=2))
    assert served.back(cookie, **told).status_code == 401  # the question is over, and so is the token


def test_only_who_was_added_is_let_in_where_nobody_is_created(tmp_path: Path, issuer: str) -> None:
    """By the subject that the command line was given, in the role that it was given."""
    with _served(tmp_path / "data", issuer=issuer, client_id="troth", private=True) as served:
        assert served.sign_in("ann").status_code == 401
        served.web.troth.roster.add(
            name="ann.example", title="", role="staff.support", subject=f"{issuer} ann"
        )
        assert served.sign_in("ann").status_code == 303
        assert served.sign_in("bob").status_code == 401


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "https://127.0.0.1:1", "https://localhost:1"])
def test_a_provider_inside_our_network_is_not_asked(tmp_path: Path, address: str) -> None:
    """Unless the settings say so: nobody uses us to reach in."""
    with _served(tmp_path / "data", issuer=address, client_id="troth") as served:
        answer = served.web.client.get("/console/sign-in/company", follow_redirects=False)
        assert answer.status_code == 422


def test_a_provider_that_says_it_is_another_is_not_believed(tmp_path: Path, issuer: str) -> None:
    """The issuer in its discovery document must be the one that was set."""
    other = (
        issuer.replace("127.0.0.1", "localhost")
        if "127.0.0.1" in issuer
        else issuer.replace("localhost", "127.0.0.1")
    )
    with _served(
        tmp_path / "data", issuer=f"{other.rstrip('/')}/", client_id="troth", private=True
    ) as served:
        told = served.web.client.get("/console/sign-in/company", follow_redirects=False)
        assert told.status_code in {303, 503}
        assert (told.status_code == 303) == (f"{other.rstrip('/')}/" == issuer)
