"""Collection points: what each takes, and the act that a submission to one asks for."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import structs

from troth.collection.cards import card_numbers
from troth.collection.errors import Fault, InvalidSubmission
from troth.collection.files import DEFAULT_MEDIA
from troth.collection.model import TYPES, Malformed, is_blank, parts_of
from troth.gate import Ask, Waiting
from troth.kernel import InvalidInput, NotFound, is_id
from troth.policy import Field, Point, Policy

_MEMBERS = ("channel", "notice", "purpose", "values", "case", "acknowledged", "record", "aware")
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_MOST_TEXT = 200
_MOST_FAULTS = 50
_ISSUED = "Leave it out; only the holder of an API key sends it."
_NO_CARD = "Remove it; payments are taken by the card processor, which gives a token."


class Collection:
    """The registered places where personal data may come in; nothing else accepts any.

    Args:
        policy: Gives the policy version in force.
        key: API key of the service that collects; acts are asked for in its name.
        visitors: Whether what comes in was sent by visitors, who may not choose what the company issues.
    """

    def __init__(self, policy: Callable[[], Policy], key: str, *, visitors: bool = False) -> None:
        self._policy = policy
        self._key = key
        self._visitors = visitors

    def under(self, policy: Policy) -> "Collection":
        """The same places under a version that was read already."""
        return Collection(lambda: policy, self._key, visitors=self._visitors)

    def points(self) -> tuple[str, ...]:
        """Names of the declared collection points, in the order of the policy."""
        return tuple(self._policy().points)

    def describe(self, point: str) -> dict[str, Any]:
        """What a point takes, ready for JSON: channels, purposes, fields with type and class, and the notice to show.

        Raises:
            NotFound: The policy declares no such point.
        """
        policy = self._policy()
        declared = _declared(policy, point)
        return {
            "point": declared.name,
            "title": declared.title,
            "about": declared.about,
            "clause": declared.clause,
            "policy": policy.sha256,
            "channels": list(declared.channels),
            "purposes": list(declared.purposes),
            "notice": _notice(policy, declared),
            "age_screen": declared.age_screen,
            "fields": {
                name: _described(policy.fields[name], required=need == "required")
                | ({"issued": True} if name in declared.issued else {})
                for name, need in declared.fields.items()
            },
        }

    def submission(self, point: str, body: Mapping[str, Any], *, age_passed: bool = False) -> Ask:
        """The act that a submission asks for, its values in the form in which they are kept.

        Args:
            point: Name of a declared point.
            body: JSON object of `channel`, `notice`, `values` (by field name), and optionally `purpose` (when the
                point has several) and `case`.
            age_passed: Whether the age screen was passed, where the point has one; the caller answers for it.

        Raises:
            NotFound: The policy declares no such point (clause I.1).
            InvalidSubmission: It is malformed; `errors` names every field and what to send instead, without values.
        """
        policy = self._policy()
        ask = _Reader(policy, _declared(policy, point), visitors=self._visitors).ask(body, self._key)
        return structs.replace(ask, age_passed=True) if age_passed else ask

    def confirming(self, waiting: Waiting, proof: str) -> Ask:
        """The act by which a held submission counts.

        Args:
            waiting: What waits.
            proof: The secret that its mailbox was sent.
        """
        return Ask(
            act="collect",
            purpose=waiting.purpose,
            key=self._key,
            point=waiting.point,
            notice=waiting.notice,
            channel=waiting.channel,
            proof=proof,
        )


class _Reader:
    """Reads one submission and gathers its faults."""

    def __init__(self, policy: Policy, point: Point, *, visitors: bool) -> None:
        self._policy = policy
        self._point = point
        self._withheld = frozenset(point.issued if visitors else ())
        self._faults: list[Fault] = []

    def ask(self, body: Mapping[str, Any], key: str) -> Ask:
        self._check_size(body)
        for name in body:
            if name not in _MEMBERS:
                self._find(
                    _safe(name), "A submission has no such member.", f"Send only {', '.join(_MEMBERS)}."
                )
        channel, purpose = self._channel(body), self._purpose(body)
        notice, case = self._short(body, "notice"), self._short(body, "case")
        if case and not is_id(case):
            self._find(
                "case", "case is not the id of a case.", "Send the 32 characters that opening it gave."
            )
        acknowledged, record = self._acknowledged(body), self._short(body, "record")
        values, aware = self._values(body.get("values")), self._aware(body.get("aware"))
        if self._faults:
            raise InvalidSubmission(self._faults[:_MOST_FAULTS])
        return Ask(
            act="collect",
            purpose=purpose,
            key=key,
            point=self._point.name,
            channel=channel,
            notice=notice,
            case=case,
            values=values,
            acknowledged=acknowledged,
            record=record,
            aware=aware,
        )

    def _check_size(self, body: object) -> None:
        """Bound the work before anything else looks at the body."""
        mend = f"Send an object with {', '.join(_MEMBERS[:4])}."
        if not isinstance(body, Mapping):
            raise InvalidSubmission([Fault("body", "The submission is not an object.", mend)])
        try:
            for _ in parts_of(body):
                pass
        except Malformed as error:
            raise InvalidSubmission([Fault("body", f"The submission {error.reason}.", error.mend)]) from None

    def _channel(self, body: Mapping[str, Any]) -> str:
        channel, known = self._short(body, "channel"), self._point.channels
        mend = f"Say where the data came in: {', '.join(known) or 'the point declares no channel yet'}."
        if is_blank(body.get("channel")):
            self._find("channel", "The submission names no channel.", mend, "0.5")
        elif channel and channel not in known:
            self._find("channel", "The point is not used through this channel.", mend, self._point.clause)
        return channel

    def _acknowledged(self, body: Mapping[str, Any]) -> str:
        """The notice acknowledged for this very submission, without which some points take nothing."""
        acknowledged, notice = self._short(body, "acknowledged"), self._point.notice
        if self._point.acknowledge and acknowledged != notice:
            declared = self._policy.notices.get(notice or "")
            mend = f"Show the notice, let the person confirm it, and send {notice} as acknowledged."
            clause = declared.clause if declared else self._point.clause
            self._find("acknowledged", "The notice was not acknowledged for this submission.", mend, clause)
        return acknowledged

    def _aware(self, given: object) -> tuple[str, ...]:
        """The kinds of personal data that the writer was shown in the text, and keeps there."""
        if given is None:
            return ()
        if not isinstance(given, list) or not all(
            isinstance(one, str) and len(one) <= _MOST_TEXT for one in given
        ):
            self._find("aware", "aware is no list of kinds.", 'Send a list such as ["email", "phone"].')
            return ()
        return tuple(given)

    def _purpose(self, body: Mapping[str, Any]) -> str:
        purpose, known = self._short(body, "purpose"), self._point.purposes
        mend = f"Use one of {', '.join(known)}."
        if is_blank(body.get("purpose")):
            if len(known) == 1:
                return known[0]
            self._find("purpose", "The submission names no purpose.", mend, self._point.clause)
        elif purpose and purpose not in known:
            self._find("purpose", "The point does not collect for this purpose.", mend, self._point.clause)
        return purpose

    def _short(self, body: Mapping[str, Any], name: str) -> str:
        """A member that is a short text; empty when it is not given or not one."""
        value = body.get(name)
        if is_blank(value):
            return ""
        if not isinstance(value, str) or len(value) > _MOST_TEXT or not value.isprintable():
            self._find(name, f"{name} is not a short text.", f"Send at most {_MOST_TEXT} characters.")
            return ""
        return value

    def _values(self, given: object) -> dict[str, Any]:
        if not isinstance(given, Mapping):
            self._find("values", "The submission has no object of values.", "Send values by field name.")
            return {}
        for name in given:
            self._check_name(str(name))
        kept: dict[str, Any] = {}
        for name, need in self._point.fields.items():
            value = given.get(name)
            if name in self._withheld and not is_blank(value):
                self._find(name, f"{name} is issued by us.", _ISSUED, self._policy.fields[name].clause)
            elif not is_blank(value):
                self._keep(kept, self._policy.fields[name], value)
            elif need == "required":
                mend = f"The point needs {', '.join(self._needed())}."
                self._find(name, f"{name} is missing.", mend, self._point.clause)
        return kept

    def _check_name(self, name: str) -> None:
        if name in self._point.fields:
            return
        if name in self._policy.fields:
            mend = f"Leave it out; the point takes {', '.join(self._point.fields)}."
            self._find(name, f"The point takes no {name}.", mend, self._point.clause)
            return
        mend = "Use a declared field, or declare it in the policy with `declare: field`."
        self._find(_safe(name), "The policy declares and classes no such field.", mend, "0.4")

    def _keep(self, kept: dict[str, Any], field: Field, value: object) -> None:
        if _holds_card(value):
            self._find(field.name, f"{field.name} holds a payment card number.", _NO_CARD, "II.21")
            return
        try:
            kept[field.name] = TYPES[field.type].kept(value, field)
        except Malformed as error:
            where = field.name + error.below
            self._find(where, f"{where} {error.reason}.", error.mend, error.clause or field.clause)

    def _needed(self) -> list[str]:
        return [name for name, need in self._point.fields.items() if need == "required"]

    def _find(self, field: str, reason: str, mend: str, clause: str = "") -> None:
        self._faults.append(Fault(field, reason, mend, clause))


def refuse_cards(values: Mapping[str, Any]) -> None:
    """Refuse values of a collection that hold a payment card number, at whatever door they come in.

    Raises:
        InvalidInput: One does, or is too large to be looked through; names the field.
    """
    for name, value in values.items():
        try:
            held = card_numbers(name) or _holds_card(value)
        except Malformed as error:
            shown = _safe(name)
            raise InvalidInput(
                f"{shown} {error.reason}; nothing was stored.", mend=error.mend, field=shown
            ) from None
        if held:
            shown = _safe(name)
            raise InvalidInput(
                f"{shown} holds a payment card number; nothing was stored.",
                mend=_NO_CARD,
                clause="II.21",
                field=shown,
            )


def _holds_card(value: object) -> bool:
    if isinstance(value, str) and len(value) <= _MOST_TEXT:  # the usual case, without a walk through parts
        return bool(card_numbers(value))
    return any(card_numbers(str(part)) for part in parts_of(value) if not isinstance(part, Mapping | list))


def _declared(policy: Policy, name: str) -> Point:
    point = policy.points.get(name)
    if point is None:
        raise NotFound(
            "The policy declares no such collection point; nothing was stored.",
            clause="I.1",
            field="point",
            mend=f"Use one of {', '.join(policy.points) or '(none is declared)'}.",
        )
    return point


def _notice(policy: Policy, point: Point) -> dict[str, str] | None:
    notice = policy.notices.get(point.notice or "")
    if notice is None:
        return None
    return {
        "name": notice.name,
        "text": notice.text or policy.clause(notice.clause).prose,
        "clause": notice.clause,
    }


def _described(field: Field, *, required: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": field.type,
        "required": required,
        "category": field.category,
        "class": field.klass,
        "title": field.title,
        "about": field.about,
        "max_length": field.max_length,
        "example": _example(field),
    }
    if field.autocomplete:
        described["autocomplete"] = field.autocomplete
    if field.scan != "none":
        described["scan"] = field.scan
    if field.type == "file":
        described["media"] = list(field.media or DEFAULT_MEDIA)
    if field.choices:
        described["choices"] = list(field.choices)
    return described


def _example(field: Field) -> Any:
    if field.choices:
        return [field.choices[0]] if field.uses else field.choices[0]
    usual = TYPES[field.type].example
    return field.example if field.example and isinstance(usual, str) else usual


def _safe(name: str) -> str:
    """A name that a caller chose, if it looks like a name; what doesn't may be somebody's data."""
    if _FIELD_NAME.fullmatch(name) and not card_numbers(name):
        return name
    return "(a name that is not a field's)"
