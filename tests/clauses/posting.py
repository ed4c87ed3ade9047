"""Somebody who is signed in, over HTTP alone."""

import httpx

from tests.clauses.vendor import Site, Vendor

HERE = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
SIGN_IN = "essential.service.authentication"
WARNING = "forum-notice"


def session(vendor: Vendor, site: Site, number: int) -> str:
    """The key of a session of a made person, opened as the pages open one."""
    assert site.register(number).status_code == 201
    web = vendor.key("service.web", SIGN_IN)
    opened = site.act(
        web, "instruct", SIGN_IN, order="open-session", identify={"email": f"person{number}@example.com"}
    )
    assert opened.is_success, opened.text
    key: str = opened.json()["values"]["session"]
    return key


class Poster:
    """The holder of a session, in a browser without script."""

    def __init__(self, site: Site, key: str) -> None:
        self.site = site
        self.headers = {"Cookie": f"{self.cookie(site)}={key}"}

    @staticmethod
    def cookie(site: Site) -> str:
        """The name of the session's cookie, as the list of cookies publishes it."""
        page = site.request("GET", "/cookies").text
        assert "<code>session</code>" in page
        return "session"

    def get(self, path: str) -> httpx.Response:
        """A page as this person sees it."""
        with self.site.server.client() as client:
            return client.get(path, headers=self.headers)

    def send(self, path: str, **form: str) -> httpx.Response:
        """A form sent from a page of the site."""
        with self.site.server.client() as client:
            return client.post(path, data=form, headers={**self.headers, **HERE})

    def publish(self, text: str, *, path: str = "/forum/new", acknowledged: str = WARNING) -> httpx.Response:
        """Preview a text and publish it, the warning acknowledged unless said otherwise."""
        form = {"name": "ann-7", "text": text}
        shown = self.send(path, do="preview", **form)
        assert shown.status_code == 200, shown.text
        seen = shown.text.partition('name="previewed" value="')[2].partition('"')[0]
        return self.send(path, do="publish", **form, acknowledged=acknowledged, previewed=seen)

    def post(self, text: str) -> str:
        """Publish a text; gives the path of the posting."""
        answer = self.publish(text)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].partition("?")[0]
