"""The site: an ASGI application with its own pages; every other path is Troth's, so that both are one origin."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from examples.vendor import shop
from examples.vendor.catalogue import PRODUCTS, Product
from examples.vendor.mailbox import newest
from examples.vendor.paying import Processor
from examples.vendor.upstream import Upstream
from examples.vendor.wire import MOST, Answer, Asked, Headers, read, write

HERE = Path(__file__).resolve().parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SLOT = "start-offer"
STYLES = {"/assets/theme.css": "theme.css", "/assets/site.css": "site.css"}
TELLING = frozenset({b"host", b"cookie", b"sec-gpc", b"dnt", b"user-agent"})
"""What of a visitor's request Troth has to know to fill a slot: the choice, and the browser's signal."""
OUTSIDE = "https://www.example.org/list"
_BEFORE = "A short question comes before every form on this site."
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
        address: The address that visitors see.
        troth: The running Troth.
        processor: The card processor.
        keys: API keys: `site` collects orders, `shop` issues serial numbers.
        mails: Folder of the demonstration's mails.
    """

    def __init__(
        self, address: str, troth: Upstream, processor: Processor, keys: Mapping[str, str], mails: Path
    ) -> None:
        self.address, self.troth, self.processor = address, troth, processor
        self.keys, self.mails = keys, mails
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
        if scope["type"] == "http":
            asked = await read(scope, receive)
            await write(send, asked, await self._answer(asked))

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
        if asked.path in STYLES:
            media = [(b"content-type", b"text/css; charset=utf-8"), (b"cache-control", b"max-age=3600")]
            return Answer(200, media, (HERE / "static" / STYLES[asked.path]).read_bytes())
        return await self.troth.pass_on(asked)

    def page(
        self,
        asked: Asked,
        template: str,
        status: int = 200,
        *,
        cookies: Sequence[tuple[bytes, bytes]] = (),
        **values: Any,
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
        return Markup(""), []
    cookies = [pair for pair in answer.headers if pair[0] == b"set-cookie"]
    return Markup(answer.body.decode()), cookies  # noqa: S704  Troth's own fragment


async def _products(site: Site, asked: Asked) -> Answer:
    return site.page(asked, "products.html", products=PRODUCTS.values())


async def _form(site: Site, asked: Asked) -> Answer:
    point, title, lead = FORMS[asked.path]
    fragment = await _fragment(site, asked, point, asked.path)
    return site.page(asked, "form.html", title=title, lead=lead, fragment=fragment)


async def _fragment(site: Site, asked: Asked, point: str, back: str) -> Markup:
    """A form of Troth for this visitor: where an age question stands before it, that, and it leads back to the page."""
    path = f"/forms/{point}/fragment?{urlencode({'back': back})}"
    fragment = await site.troth.text(path, asked.header(b"cookie"))
    # The fragment names Troth's public address; here the site itself stands in front of Troth.
    return Markup(_ACTION.sub(r'action="\1"', fragment))  # noqa: S704  Troth's own fragment


async def _mailbox(site: Site, asked: Asked) -> Answer:
    return site.page(asked, "mailbox.html", mails=newest(site.mails))


async def _checkout(site: Site, asked: Asked) -> Answer:
    """The age question, then the card at the processor, then the order."""
    given = asked.form or asked.asked_for
    product, token = PRODUCTS.get(given.get("product", "")), given.get("payment", "")
    if product is None:
        return Answer(HTTPStatus.SEE_OTHER, [(b"location", b"/shop")], b"")
    here = f"{asked.path}?{urlencode({'product': product.name} | ({'payment': token} if token else {}))}"
    fragment = await _fragment(site, asked, "shop", here)
    if 'name="payment_token"' not in fragment:
        return site.page(asked, "form.html", title="Before you order", lead=_BEFORE, fragment=fragment)
    if not await site.processor.accepted(token, product.price):
        back = f"{site.address}{asked.path}?{urlencode({'product': product.name})}"
        return site.page(
            asked,
            "card.html",
            product=product,
            again=bool(token),
            pay=site.processor.pay_page(product.price, back),
        )
    if asked.method != "POST":
        return _till(site, asked, product, token, {})
    if asked.header(b"sec-fetch-site") not in {"same-origin", ""}:
        return site.page(
            asked, "plain.html", 403, title="Not taken", text="Send the order from the shop's own page."
        )
    return await _order(site, asked, product, token)


async def _order(site: Site, asked: Asked, product: Product, token: str) -> Answer:
    order, serial, problem = await shop.place(site.troth, site.keys, asked.form, product)
    if problem:
        return _till(site, asked, product, token, problem)
    if not await site.processor.charge(token):
        return site.page(
            asked, "plain.html", 409, title="Not paid", text="The card was used for another order."
        )
    return site.page(asked, "ordered.html", order=order, serial=serial, product=product)


def _till(site: Site, asked: Asked, product: Product, token: str, problem: Mapping[str, Any]) -> Answer:
    status = int(problem.get("status", 422)) if problem else 200
    faults = shop.faults(problem) if problem else {}
    return site.page(
        asked, "checkout.html", status, product=product, sent=asked.form, faults=faults, token=token
    )
