"""A member of staff at the console, as a browser without script would be."""

import re
from datetime import timedelta
from typing import Any

import httpx
from pyotp import TOTP

from tests.web.conftest import Web
from troth.web.console.desk import desk_cookie

PASSWORD = "correct horse battery staple"
ORIGIN = {"Sec-Fetch-Site": "same-origin"}


class Desk:
    """Somebody at the console.

    Args:
        web: What is served.
        name: What they sign in by.
        role: Their role.
        cases: Kinds of case that they may cite; none for those of the role.
    """

    def __init__(
        self, web: Web, name: str = "ann.example", role: str = "staff.privacy", cases: tuple[str, ...] = ()
    ) -> None:
        self.web, self.name = web, name
        _, self.token = web.troth.roster.add(name=name, title=f"{name} (staff)", role=role, cases=cases)
        _, self._seed = web.troth.roster.invited(self.token)
        self.recovery = web.troth.roster.enrol(self.token, PASSWORD, self.code())
        self.key = ""

    def code(self) -> str:
        """The code that the authenticator shows now."""
        return str(TOTP(self.web.troth.roster.codes.shared(self._seed)).at(self.web.clock.now()))

    def sign_in(self, password: str = PASSWORD, code: str = "", following: str = "") -> httpx.Response:
        """Send the form for signing in, half a minute later."""
        self.web.clock.advance(timedelta(seconds=30))
        form = {"name": self.name, "password": password, "code": code or self.code(), "next": following}
        answer = self._send("/console/sign-in", form)
        found = answer.cookies.get(desk_cookie(self.web.app.site))
        self.key = found or self.key
        self.web.client.cookies.clear()
        return answer

    def confirm(self, code: str = "") -> httpx.Response:
        """Show again who one is."""
        self.web.clock.advance(timedelta(seconds=30))
        return self.post("/console/confirm", password=PASSWORD, code=code or self.code())

    def get(self, path: str, **query: str) -> httpx.Response:
        """Look at a page."""
        return self.web.client.get(path, params=query, headers=self._headers(), follow_redirects=False)

    def post(
        self, path: str, *, mark: str | None = None, pick: list[str] | None = None, **form: str
    ) -> httpx.Response:
        """Send a form with the mark that stands on one's own page."""
        own = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get("/console/me").text)
        given: dict[str, Any] = {"csrf": mark if mark is not None else (own[1] if own else ""), **form}
        if pick:
            given["pick"] = pick
        return self._send(path, given)

    def _send(self, path: str, form: dict[str, Any]) -> httpx.Response:
        return self.web.client.post(path, data=form, headers=self._headers() | ORIGIN, follow_redirects=False)

    def _headers(self) -> dict[str, str]:
        cookie = {"Cookie": f"{desk_cookie(self.web.app.site)}={self.key}"} if self.key else {}
        return cookie | {"Accept": "text/html"}


def write(web: Web, kind: str = "access", email: str = "pia@example.com", text: str = "Please.") -> str:
    """Somebody sends the form for requests; gives its number."""
    point = web.troth.policy().points["privacy-request"]
    values = {"request_text": text, "request_kind": kind, "email": email}
    body: dict[str, Any] = {"channel": "web", "notice": point.notice, "values": values}
    if point.age_screen:
        body["age"] = {"year": 1970, "month": 4}
    answer = web.post("/collect/privacy-request", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["number"])
