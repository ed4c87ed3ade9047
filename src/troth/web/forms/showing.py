"""Renders the pages of one form for one visitor, and hands out the form cookie."""

import secrets
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from http import HTTPStatus
from typing import Any

from litestar import Response

from troth.collection import Form, age_question
from troth.flows import told_why
from troth.policy import Policy
from troth.web.forms.bodies import CARRIED, Pairs, carried_text
from troth.web.forms.marks import Mark
from troth.web.forms.views import Shown
from troth.web.matters import ShownMatter
from troth.web.pages import page
from troth.web.rendering import HTML, own_language
from troth.web.site import Site
from troth.web.speaking import Speech

_REFUSAL = "page.age-refusal"


class Showing:
    """What renders the pages of a form.

    Args:
        site: Shared parts.
        policy: The version in force.
        form: The form.
        mark: What is remembered of the visitor; None for nothing yet, so that the next page hands out a cookie.
        speech: How the visitor is spoken to.
        back: The page of ours to which the visitor goes back; empty for the hosted page.
        held: What the browser's cookie says already, which is not handed out once more.
    """

    def __init__(
        self,
        site: Site,
        policy: Policy,
        form: Form,
        mark: Mark | None,
        speech: Speech,
        back: str = "",
        held: Mark | None = None,
    ) -> None:
        self._site = site
        self._policy = policy
        self._form = form
        self._speech = speech
        self._back = back
        self._mark = mark or site.marks.fresh()
        self._held = held

    def page(self, shown: Shown, status: int = HTTPStatus.OK) -> Response[bytes]:
        """The form on a page of its own; its notices count as shown."""
        self._site.shown.at(self._policy, f"point.{self._form.point.name}")
        return self._answer("form.html", status, shown=shown)

    def fragment(self, shown: Shown, *, refused: bool, screened: bool) -> Response[bytes]:
        """The form, or what stands before it, without a page around it; it hands out no cookie and repeats no token.

        A company's server may fetch it once for all its visitors, so that nothing in it is about one of them.
        """
        self._site.shown.at(self._policy, f"point.{self._form.point.name}")
        base = self._site.troth.settings.web.public_url.rstrip("/")
        text = self._site.renderer.text(
            "form_fragment.html",
            shown=shown,
            refused=refused,
            screened=screened,
            **self._values(base, token=""),
        )
        headers = {"Vary": "Cookie, Accept-Language", "Cross-Origin-Resource-Policy": "cross-origin"}
        return Response(text.encode(), media_type=HTML, headers=headers)

    def age_screen(
        self,
        *,
        status: int = HTTPStatus.OK,
        typed: Mapping[str, str] | None = None,
        wrong: AbstractSet[str] = frozenset(),
        carried: Pairs = [],  # noqa: B006  never changed
    ) -> Response[bytes]:
        """The question that stands before the first field.

        Args:
            status: Status of the answer.
            typed: What was answered, to be shown again where it could not be read.
            wrong: Parts of the answer that could not be read.
            carried: Fields that were sent already, files too, to be carried past the question.
        """
        texts = [
            (name, value) if isinstance(value, str) else (f"{CARRIED}{name}", carried_text(value))
            for name, value in carried
            if isinstance(value, str) or value.data
        ]
        return self._answer("form_age.html", status, typed=typed or {}, wrong=wrong, carried=texts)

    def refusal(self) -> Response[bytes]:
        """That nothing can be taken in; leads to the page for parents (clause I.20)."""
        told = [
            notice.text or self._policy.clause(notice.clause).prose
            for notice in self._policy.notices.values()
            if _REFUSAL in notice.at
        ]
        return self._answer("form_refused.html", HTTPStatus.FORBIDDEN, told=told)

    def thanks(self, entry: str, stored: list[str], opened: ShownMatter | None = None) -> Response[bytes]:
        """What was stored, by name, what it opened, and the way to the receipt."""
        speech = self._speech
        why = told_why(speech.words, opened.why, speech.when) if opened is not None else ""
        values = {"entry": entry, "stored": stored, "opened": opened, "why": why}
        return self._answer("form_thanks.html", HTTPStatus.OK, speech=speech, **values)

    def onwards(self, place: str = "") -> Response[bytes]:
        """Send the browser on, so that going back or reloading submits nothing again; to the form where no place is given."""
        place = place or self._back or f"/forms/{self._form.point.name}"
        headers = {"Location": place, **self._cookie()}
        return Response(b"", status_code=HTTPStatus.SEE_OTHER, headers=headers, media_type=HTML)

    def _answer(self, template: str, status: int, **values: Any) -> Response[bytes]:
        token = self._site.marks.token(self._mark)
        made = page(self._site, template, **self._values("", token), **values)
        return Response(made.content, status_code=status, media_type=HTML, headers=self._cookie())

    def _values(self, base: str, token: str) -> dict[str, Any]:
        question = age_question(self._policy, self._form.point)
        return {
            "form": self._form,
            "question": question
            or self._speech.words("Please tell us the month and year in which you were born."),
            "asked_by_policy": bool(question),
            "t": self._speech.words,
            "own": own_language(self._policy, self._speech.words),
            "base": base,
            "back": self._back,
            "token": token,
            "once": secrets.token_urlsafe(16) if token else "",
        }

    def _cookie(self) -> dict[str, str]:
        return {} if self._mark == self._held else self._site.marks.set_cookie(self._policy, self._mark)
