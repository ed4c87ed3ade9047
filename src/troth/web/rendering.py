"""Templates and static files of the pages, loaded once from the package."""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response
from markupsafe import Markup, escape

from troth.flows import SOURCE, Wording, wording
from troth.kernel import InvalidInput, from_micros
from troth.policy import Policy

_MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}
HTML = "text/html"
_OWN_STYLE = "company.css"
_CODE = re.compile(r"`([^`]+)`")


class Static(NamedTuple):
    """A static file in memory."""

    body: bytes
    media: str
    etag: str


class Renderer:
    """Renders pages; every value is escaped unless a template says otherwise.

    Args:
        style: The company's own style sheet, linked after Troth's; None for none.

    Raises:
        InvalidInput: It cannot be read.
    """

    def __init__(self, style: Path | None = None) -> None:
        self._environment = Environment(
            loader=PackageLoader("troth.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["count"] = grouped
        self._environment.filters["coded"] = coded
        self._environment.filters["instant"] = instant_text
        self._environment.filters["micros"] = from_micros
        self._environment.globals["t"] = wording(SOURCE)
        self._environment.globals["own"] = ""
        self.static = load_static()
        if style is not None:
            self.static[_OWN_STYLE] = _static(_read(style), "text/css")
        self.heading: Callable[[], dict[str, Any]] = lambda: {"company": "Troth", "menu": (), "telemetry": ""}
        """What stands at the head of every page; the application says it once the policy can be read."""
        self.words: Callable[[Any], Wording] = lambda _: wording(SOURCE)
        """The words for whoever sent a request, by its scope; the application says it too."""
        # The name of the file changes with its bytes, so that browsers may keep it for good.
        for name, sheet in (
            ("style", "style.css"),
            ("forms_style", "forms.css"),
            ("console_style", "console.css"),
            ("own_style", _OWN_STYLE),
        ):
            known = self.static.get(sheet)
            self._environment.globals[name] = f"/static/{sheet}?v={known.etag[1:13]}" if known else ""

    def page(self, template: str, **values: Any) -> Response[bytes]:
        """A page from a template."""
        return Response(self.text(template, **values).encode(), media_type=HTML)

    def text(self, template: str, **values: Any) -> str:
        """A template filled in."""
        return self._environment.get_template(template).render(**values)


def own_language(policy: Policy, words: Wording) -> str:
    """What marks a company's own words on a page in another language (WCAG 2.2, 3.1.2): an attribute, empty for none needed."""
    own = next(iter(policy.front.languages), SOURCE)
    return Markup(' lang="{}"').format(own) if own != words.language else ""


def load_static() -> dict[str, Static]:
    """The static files of the package by name."""
    found: dict[str, Static] = {}
    for item in (resources.files("troth.web") / "static").iterdir():
        suffix = item.name[item.name.rfind(".") :]
        if suffix in _MEDIA:
            body = item.read_bytes()
            found[item.name] = _static(body, _MEDIA[suffix])
    return found


def _static(body: bytes, media: str) -> Static:
    return Static(body, media, f'"{hashlib.sha256(body).hexdigest()}"')


def _read(style: Path) -> bytes:
    try:
        return style.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"The style sheet {style} cannot be read ({error.strerror}).",
            field="web.style",
            mend="Name a file inside the folder, or an absolute path.",
        ) from error


def coded(text: str) -> Markup:
    """Text in which whatever stands in backticks is shown as code; all of it escaped."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  escaped just before


def grouped(number: int) -> str:
    """A number with its thousands marked off."""
    return f"{number:,}"


def instant_text(instant: datetime) -> str:
    """An instant as people read it, in UTC."""
    return instant.strftime("%-d %B %Y, %H:%M:%S UTC")
