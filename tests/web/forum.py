"""What tests of the forum and of content share: people who are signed in, and what they send."""

from typing import Any

import httpx

from tests.web.conftest import Web
from troth.gate import Ask
from troth.web.visiting import cookie_that_remembers

SIGN_IN = "essential.service.authentication"
FORUM_PURPOSE = "functional.service.forum"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HERE = {"Sec-Fetch-Site": "same-origin", **FORM}


class Author:
    """Somebody who is signed in."""

    def __init__(self, web: Web, email: str = "ann@example.com", serial: str = "SN-0001") -> None:
        self.web = web
        registered = web.register(email, serial)
        assert registered.status_code == 201, registered.text
        ask = Ask(
            act="instruct",
            purpose=SIGN_IN,
            key=web.troth.web_key(),
            order="open-session",
            identify={"email": email},
        )
        (outcome,) = web.troth.perform([ask])
        assert outcome.permitted, outcome
        self.person, self.key = outcome.person, str(outcome.values["session"])
        self.cookie = f"{cookie_that_remembers(web.troth.policy(), 'session')}={self.key}"

    def get(self, path: str, **headers: str) -> httpx.Response:
        """A page as this person sees it."""
        return self.web.client.get(path, headers={"Cookie": self.cookie, **headers}, follow_redirects=False)

    def send(self, path: str, **form: str) -> httpx.Response:
        """A form sent from a page of ours."""
        headers = {"Cookie": self.cookie, **HERE}
        return self.web.client.post(path, data=form, headers=headers, follow_redirects=False)

    def post(
        self, text: str, *, name: str = "ann-7", path: str = "/forum/new", **more: str
    ) -> httpx.Response:
        """Preview, acknowledge, publish, as the form does."""
        shown = self.send(path, do="preview", name=name, text=text)
        assert shown.status_code == 200, shown.text
        form: dict[str, Any] = {
            "do": "publish", "name": name, "text": text, "acknowledged": "forum-notice", "previewed": previewed(shown.text),
        }  # fmt: skip
        return self.send(path, **{**form, **more})

    def posted(self, text: str, name: str = "ann-7") -> str:
        """Publish and give the path of the posting."""
        answer = self.post(text, name=name)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"]).partition("?")[0]


def previewed(html: str) -> str:
    """What the form of a preview carries to name the text that it shows."""
    return html.partition('name="previewed" value="')[2].partition('"')[0]
