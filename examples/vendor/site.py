"""The site: an ASGI application with its own pages; every other path is Troth's, so that both are one origin."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from examples.vendor import shop
from examples.vendor.catalogue import PRODUCTS, Product
from examples.vendor.mailbox import newest
from examples.vendor.upstream import Answer, Asked, Upstream

HERE = Path(__file__).resolve().parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MOST = 1_000_000
SLOT = "start-offer"
TELLING = frozenset({b"host", b"cookie", b"sec-gpc", b"dnt", b"user-agent"})
"""What of a visitor's request Troth has to know to fill a slot: the choice, and the browser's signal."""
Headers = Sequence[tuple[bytes, bytes]]
OUTSIDE = "https://www.example.org/list"
_ACTION = re.compile(r'action="[^"]*?(/forms/[^"]*)"')
FORMS = {
    "/register": ("product-registration", "Register a product", "Your serial number stands on the invoice."),
    "/newsletter": ("email-opt-in", "Announcements by e-mail", "Four times a year, and only after you confirmed it."),
    "/contact": ("support-contact", "Support and contact", "A person answers, on working days within one day."),
}  # fmt: skip
Page = Callable[["Site", Asked], Awaitable[Answer]]


class Site:
    """The site of Example Security, Inc.

    Args:
        troth: The running Troth.
        keys: API keys: `site` collects orders, `shop` issues serial numbers.
        mails: Folder of the demonstration's mails.
    """

    def __init__(self, troth: Upstream, keys: Mapping[str, str], mails: Path) -> None:
        self.troth, self.keys, self.mails = troth, keys, mails
        self._pages = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
        )
        self._routes: dict[str, Page] = {
            "/": _home,
            "/products": _products,
            "/shop": _products,
            "/shop/checkout": _checkout,
            "/mailbox": _mailbox,
            **dict.fromkeys(FORMS, _form),
        }

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer a request (ASGI)."""
        if scope["type"] != "http":
            return
        asked = await _read(scope, receive)
        answer = await self._answer(asked)
        headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode())]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if asked.method == "HEAD" else answer.body})

    async def _answer(self, asked: Asked) -> Answer:
        if len(asked.body) > MOST:
            return self.page(asked, "plain.html", 413, title="Too large", text="Send less than a megabyte.")
        route = self._routes.get(asked.path)
        if route is not None:
            return await route(self, asked)
        name = asked.path.removeprefix("/products/")
        if name in PRODUCTS:
            slot, cookies = await _slot(self, asked)
            return self.page(asked, "product.html", product=PRODUCTS[name], slot=slot, cookies=cookies)
        if asked.path == "/assets/site.css":
            return Answer(
                200, [(b"content-type", b"text/css; charset=utf-8")], (HERE / "static/site.css").read_bytes()
            )
        return await self.troth.pass_on(asked)

    def page(
        self, asked: Asked, template: str, status: int = 200, *, cookies: Headers = (), **values: Any
    ) -> Answer:
        """A page of the site, with the cookies that Troth sets beside it."""
        text = self._pages.get_template(template).render(here=asked.path, **values)
        headers = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-security-policy", POLICY.encode()),
            (b"referrer-policy", b"same-origin"),
            (b"x-content-type-options", b"nosniff"),
            (b"cache-control", b"no-store"),
            *cookies,
        ]
        return Answer(status, headers, text.encode())


async def _read(scope: dict[str, Any], receive: Any) -> Asked:
    body = b""
    while len(body) <= MOST:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            break
    client = (scope.get("client") or ("127.0.0.1", 0))[0]
    return Asked(scope["method"], scope["path"], scope["query_string"], list(scope["headers"]), body, client)


async def _home(site: Site, asked: Asked) -> Answer:
    slot, cookies = await _slot(site, asked)
    leaving = await site.troth.exit_link(OUTSIDE, site.keys["site"])
    return site.page(
        asked, "home.html", products=PRODUCTS.values(), leaving=leaving, slot=slot, cookies=cookies
    )


async def _slot(site: Site, asked: Asked) -> tuple[Markup, Headers]:
    """What Troth puts into the page's slot for this visitor, and the cookies that it sets for that."""
    told = [pair for pair in asked.headers if pair[0] in TELLING]
    page = quote(asked.path).encode()
    wanted = Asked("GET", f"/content/{SLOT}", b"page=" + page, told, b"", asked.client)
    answer = await site.troth.pass_on(wanted)
    if answer.status != HTTPStatus.OK:
        return Markup(""), ()
    cookies = tuple(pair for pair in answer.headers if pair[0] == b"set-cookie")
    return Markup(answer.body.decode()), cookies  # noqa: S704  Troth's own fragment


async def _products(site: Site, asked: Asked) -> Answer:
    return site.page(asked, "products.html", products=PRODUCTS.values())


async def _form(site: Site, asked: Asked) -> Answer:
    point, title, lead = FORMS[asked.path]
    fragment = await site.troth.text(f"/forms/{point}/fragment")
    # The fragment names Troth's public address; here the site itself stands in front of Troth.
    own = Markup(_ACTION.sub(r'action="\1"', fragment))  # noqa: S704  Troth's own fragment
    return site.page(asked, "form.html", title=title, lead=lead, fragment=own)


async def _mailbox(site: Site, asked: Asked) -> Answer:
    return site.page(asked, "mailbox.html", mails=newest(site.mails))


async def _checkout(site: Site, asked: Asked) -> Answer:
    sent = dict(parse_qsl(asked.body.decode("utf-8", "replace"))) if asked.method == "POST" else {}
    chosen = sent.get("product") or dict(parse_qsl(asked.query.decode("latin-1"))).get("product", "")
    product = PRODUCTS.get(chosen)
    if product is None:
        return Answer(303, [(b"location", b"/shop")], b"")
    # Troth keeps the age screen; whoever has not passed it is shown the question in place of the form.
    hosted = await site.troth.text("/forms/shop", asked.header(b"cookie"))
    if 'name="payment_token"' not in hosted:
        return site.page(asked, "screen.html", product=product)
    if asked.method != "POST" or "name" not in sent:
        return _till(site, asked, product, sent, {})
    if asked.header(b"sec-fetch-site") not in {"same-origin", ""}:
        return site.page(
            asked, "plain.html", 403, title="Not taken", text="Send the order from the shop's own page."
        )
    order, serial, problem = await shop.place(site.troth, site.keys, sent, product)
    if problem:
        return _till(site, asked, product, sent, problem)
    return site.page(asked, "ordered.html", order=order, serial=serial, product=product)


def _till(
    site: Site, asked: Asked, product: Product, sent: Mapping[str, str], problem: Mapping[str, Any]
) -> Answer:
    status = int(problem.get("status", 422)) if problem else 200
    faults = problem.get("errors") or ([problem] if problem else [])
    token = sent.get("token") or shop.card_token()
    return site.page(asked, "checkout.html", status, product=product, sent=sent, faults=faults, token=token)
