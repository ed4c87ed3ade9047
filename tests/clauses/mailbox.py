"""Mailboxes and browsers of the reference vendor's visitors: mails as files, forms as a browser sends them."""

import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Self

import httpx

from tests.clauses.vendor import Site, Vendor
from tests.support.files import content
from tests.support.waiting import wait_until

_FORM = "application/x-www-form-urlencoded"
_LINK = re.compile(r"<?https?://[^/\s]+(/(?:confirm|account/link)/[A-Za-z0-9_-]+)>?")


def mails(vendor: Vendor, address: str = "") -> list[EmailMessage]:
    """The mails in the vendor's mail folder, oldest first; to one address when given."""
    parser = BytesParser(policy=policy.default)
    files = sorted((vendor.data / "mail").glob("*.eml"), key=lambda file: file.name.split(".")[1])
    found = [parser.parsebytes(raw) for file in files if (raw := content(file))]
    return [mail for mail in found if not address or mail["To"].addresses[0].addr_spec == address]


def mail_to(vendor: Vendor, address: str, number: int = 1) -> EmailMessage:
    """The mail of a number to an address, as soon as it is there."""
    wait_until(lambda: len(mails(vendor, address)) >= number, "a mail comes")
    return mails(vendor, address)[number - 1]


def link_in(mail: EmailMessage) -> str:
    """The path of the link that a mail carries."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = _LINK.search(body.get_content())
    assert found, body.get_content()
    return found[1]


class Browser:
    """A visitor with cookies, who sends forms as a browser does from a page of the site."""

    def __init__(self, site: Site) -> None:
        self.client = site.server.client()

    def __enter__(self) -> Self:
        self.client.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def get(self, path: str) -> httpx.Response:
        """Look at a page."""
        return self.client.get(path, headers={"Accept": "text/html"})

    def post(self, path: str, **form: str) -> httpx.Response:
        """Send a form."""
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", "Content-Type": _FORM}
        return self.client.post(path, data=form, headers=headers)

    def marked(self, path: str, **form: str) -> httpx.Response:
        """Send a form that the account's page holds."""
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.get("/account").text)
        assert found, "nobody is signed in"
        return self.post(path, csrf=found[1], **form)
