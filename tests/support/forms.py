"""A visitor who fills in forms over HTTP, as a browser without script does: keeps cookies, sends back what a page says."""

from html.parser import HTMLParser
from typing import Any, NamedTuple, Self

import httpx

OLD_ENOUGH = {"month": "4", "year": "1970"}


class Control(NamedTuple):
    """A control of a form as a browser sees it."""

    name: str
    kind: str
    required: bool
    value: str
    checked: bool
    autocomplete: str


class FormPage(HTMLParser):
    """A page with a form on it, read.

    Args:
        text: The page.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.action = ""
        self.controls: dict[str, Control] = {}
        self.options: dict[str, list[str]] = {}
        self.errors: dict[str, str] = {}
        self.links: list[str] = []
        self._select = self._area = self._error = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms, controls, errors and links."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given["action"]
        elif tag == "a":
            self.links.append(given.get("href", ""))
        elif tag in {"input", "select", "textarea"} and given.get("name"):
            self._note(tag, given)
        elif tag == "option":
            self.options.setdefault(self._select, []).append(given["value"])
            if "selected" in given:
                self.controls[self._select] = self.controls[self._select]._replace(value=given["value"])
        elif given.get("class") == "troth-error":
            self._error = given["id"].removeprefix("troth-").removesuffix("-error")
            self.errors[self._error] = ""

    def handle_endtag(self, tag: str) -> None:
        """Leave what was entered."""
        if tag == "textarea":
            self._area = ""
        elif tag == "p":
            self._error = ""

    def handle_data(self, data: str) -> None:
        """Note texts that are values and errors."""
        if self._area:
            control = self.controls[self._area]
            self.controls[self._area] = control._replace(value=control.value + data)
        elif self._error:
            self.errors[self._error] += data

    def _note(self, tag: str, given: dict[str, str]) -> None:
        name = given["name"]
        kind = given.get("type", tag)
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area = name
        if kind == "radio":
            self.options.setdefault(name, []).append(given["value"])
        self.controls[name] = Control(
            name,
            kind,
            "required" in given,
            given.get("value", ""),
            "checked" in given,
            given.get("autocomplete", ""),
        )

    @property
    def hidden(self) -> dict[str, str]:
        """The hidden fields with their values."""
        return {one.name: one.value for one in self.controls.values() if one.kind == "hidden"}

    @property
    def fields(self) -> dict[str, Control]:
        """The controls that people fill in."""
        return {name: one for name, one in self.controls.items() if one.kind != "hidden"}


class Visitor:
    """Somebody with a browser.

    Args:
        client: Keeps the cookies; follows no redirect by itself.
    """

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def open(self, point: str) -> FormPage:
        """The page of a point: its form, its age screen or its refusal."""
        return FormPage(self.client.get(f"/forms/{point}").text)

    def answer_age(self, point: str, month: str = "4", year: str = "1970") -> httpx.Response:
        """Answer the age screen, as it stands on the page."""
        page = self.open(point)
        answer = {"troth-birth-month": month, "troth-birth-year": year}
        return self.client.post(f"/forms/{point}/age", data={**page.hidden, **answer})

    def form(self, point: str) -> FormPage:
        """The form of a point, the age screen passed where one stands."""
        page = self.open(point)
        if page.action.endswith("/age"):
            assert self.answer_age(point).status_code == 303
            page = self.open(point)
        return page

    def send(self, point: str, values: dict[str, Any], files: Any = None) -> httpx.Response:
        """Open the form of a point, fill it in and send it."""
        page = self.form(point)
        return self.client.post(f"/forms/{point}", data={**page.hidden, **values}, files=files)
