"""The form of an act: what is malformed whatever the policy says."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any

import msgspec

from troth.gate.model import MAX_FIELDS, MAX_IDENTIFIERS, MAX_RECORDS, MAX_TEXT, MAX_VALUES, MAX_WEIGHT, Ask
from troth.gate.proofs import SIGN_IN
from troth.kernel import InvalidInput, is_id
from troth.policy import ACT_KINDS, SUPPRESSIONS
from troth.vault import STANCES

_KINDS = frozenset(ACT_KINDS)
STANCE_ORDERS = frozenset({"record-stance", "withdraw-stance", "list-people"})
PURPOSE_ORDERS = frozenset({"restrict-purpose", "release-purpose"})
BLOCK_ORDERS = frozenset({"block-sender", "release-sender"})
HOLD_ORDERS = frozenset({"place-hold", "end-hold"})
LOOKING_ORDERS = frozenset({"show-stances", "show-holdings", "list-people"})
CHOICE_ORDERS = STANCE_ORDERS | PURPOSE_ORDERS | LOOKING_ORDERS | BLOCK_ORDERS
RECORD_ORDERS = frozenset({"list-records"})
SESSION_ORDERS = frozenset(
    {
        "issue-proof",
        "open-session",
        "close-session",
        "close-sessions",
        "close-other-sessions",
        "list-sessions",
    }
)
WORK_ORDERS = frozenset({"begin-work"})
SIGNING_IN = "essential.service.authentication"
"""The one purpose for which sessions of people are opened, listed and closed, and links to sign in are made."""
OPTING_OUT = "essential.service.opt_out"
"""The one purpose for which stops are kept, ended and shown; under it nothing else is ordered."""
RETURNING = "essential.service.returned_mail"
"""The one purpose for which it is noted that mail to somebody comes back; under it nothing else is ordered."""
ASSIGNING_ORDERS = frozenset({"assign-case", "release-case"})
FINDING_ORDERS = frozenset({"find-cases"})
CASE_ORDERS = (
    frozenset({"open-case", "close-case", "verify-case", "reopen-case"}) | ASSIGNING_ORDERS | FINDING_ORDERS
)
LIST_ORDERS = frozenset({"suppress", "release-suppression", "show-suppression"})
PARENT_ORDERS = frozenset({"verify-parent", "withdraw-parent", "allow-sharing", "withdraw-sharing"})
UNDELIVERABLE = "note-undeliverable"
STOP_ORDERS = frozenset({"stop-topic", "resume-topic", "show-stops", UNDELIVERABLE})
CHILD_ORDERS = PARENT_ORDERS | {"purge-child"}
_ORDERS = (
    CHOICE_ORDERS
    | RECORD_ORDERS
    | SESSION_ORDERS
    | LIST_ORDERS
    | CHILD_ORDERS
    | CASE_ORDERS
    | WORK_ORDERS
    | HOLD_ORDERS
    | STOP_ORDERS
)
PARENT_METHODS = frozenset(
    {
        "signed-form",
        "payment-card",
        "telephone-call",
        "video-call",
        "identity-document",
        "knowledge-questions",
        "face-match",
        "email-and-follow-up",
        "text-and-follow-up",
    }
)
"""How a parent may be verified (16 CFR 312.5(b)(2))."""
_TEXTS = (
    "purpose", "once", "recipient", "channel", "point", "notice", "reason", "case_type", "about", "kind", "acknowledged", "proof", "message",
    "method", "since", "until", "device", "language", "topic", "hashed",
)  # fmt: skip
_HANDLES = ("person", "case", "record", "before", "session", "sender", "assignee")
_texts_of = attrgetter(*_TEXTS)  # every act is looked at: one call for all of them
_handles_of = attrgetter(*_HANDLES)
_encode = msgspec.json.Encoder().encode


CheckValues = Callable[[Mapping[str, Any]], None]
"""Raises `InvalidInput` for values that must never be collected, whoever does it."""


def malformed(
    asks: Sequence[Ask], check_values: CheckValues | None = None, messages: Collection[str] = ()
) -> dict[int, InvalidInput]:
    """The acts of a batch that are malformed, by their places, each with what is wrong."""
    found = {}
    for number, ask in enumerate(asks):
        try:
            check_form(ask)
            if check_values is not None and ask.act == "collect":
                check_values(ask.values)
            if ask.message:
                _check_message(ask, messages)
        except InvalidInput as error:
            found[number] = error
    return found


def check_form(ask: Ask) -> None:
    """Refuse an act that is malformed.

    Raises:
        InvalidInput: Names the part at fault.
    """
    if ask.act not in _KINDS:
        raise InvalidInput(
            f"{ask.act[:32]!r} is not an act.", field="act", mend=f"Use one of {', '.join(ACT_KINDS)}."
        )
    if not ask.purpose:
        raise InvalidInput(
            "The act names no purpose.",
            clause="0.2",
            field="purpose",
            mend="Name the data use that it serves.",
        )
    if ask.act == "collect" and not ask.channel:
        raise InvalidInput(
            "The collection names no channel; nothing was stored.",
            clause="0.5",
            field="channel",
            mend="Say where the data came in: web, email, phone, letter, product, api or import.",
        )
    if ask.order:
        _check_order(ask)
    _check_sizes(ask)


def _check_order(ask: Ask) -> None:
    if ask.act != "instruct" or ask.order not in _ORDERS:
        raise InvalidInput(
            "The order is not known.",
            field="order",
            mend=f"With the act instruct, use one of {', '.join(sorted(_ORDERS))}.",
        )
    if ask.order in STANCE_ORDERS and ask.stance not in STANCES:
        raise InvalidInput(
            "The order names no stance.", field="stance", mend=f"Use one of {', '.join(STANCES)}."
        )
    _check_purpose(ask)
    if ask.order in LIST_ORDERS:
        _check_listing(ask)
    if ask.order in FINDING_ORDERS and not ask.identify:
        raise InvalidInput(
            "The order names nothing to find cases by.",
            field="identify",
            mend="Give an order or a serial number.",
        )
    _check_instants(ask)
    if ask.order in HOLD_ORDERS:
        _check_hold(ask)
    if ask.order == "verify-parent" and ask.method not in PARENT_METHODS:
        raise InvalidInput(
            "The order does not say how the parent was verified.",
            clause="I.19",
            field="method",
            mend=f"Use one of {', '.join(sorted(PARENT_METHODS))}.",
        )


def _check_purpose(ask: Ask) -> None:
    """Let nobody become somebody else, or read the lists, under a purpose that permits other orders."""
    alone = RETURNING if ask.order == UNDELIVERABLE else OPTING_OUT if ask.order in STOP_ORDERS else ""
    if ask.purpose != alone and (alone or ask.purpose in {OPTING_OUT, RETURNING}):
        raise InvalidInput(
            "Stops serve one purpose only, and it serves nothing else.",
            clause="II.14",
            field="purpose",
            mend=f"Name {OPTING_OUT} to stop announcements, and another purpose for another order.",
        )
    opens = ask.order in SESSION_ORDERS and (ask.order != "issue-proof" or ask.kind == SIGN_IN)
    if opens and ask.purpose != SIGNING_IN:
        raise InvalidInput(
            "Sessions and links to sign in serve one purpose only.",
            clause="I.4",
            field="purpose",
            mend=f"Name {SIGNING_IN}, where the policy permits it to your role.",
        )


def _check_hold(ask: Ask) -> None:
    missing = "reason" if ask.order == "place-hold" and not ask.reason else ""
    missing = "about" if ask.order == "end-hold" and not is_id(ask.about) else missing
    if missing or (ask.order == "place-hold" and not (ask.person or ask.identify)):
        raise InvalidInput(
            "The order lacks whom it is about, why, or which hold it ends.",
            clause="III.2",
            field=missing or "person",
            mend="Place a hold on a person with a reason; end one by its id in about.",
        )


def _check_instants(ask: Ask) -> None:
    """Refuse what is no instant or day; both stand in the ledger, which takes no free text."""
    if ask.since and not _is_instant(ask.since):
        raise InvalidInput(
            "since is no instant with its zone.", field="since", mend="Write it like 2026-01-05T09:00:00Z."
        )
    if ask.until and not _is_day(ask.until):
        raise InvalidInput("until is no day.", field="until", mend="Write it like 2027-06-30.")


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _check_listing(ask: Ask) -> None:
    if not ask.identify:
        raise InvalidInput(
            "The order names no identifier.",
            field="identify",
            mend='Send one like {"email": "ann@example.com"}.',
        )
    if ask.order != "show-suppression" and ask.about not in SUPPRESSIONS:
        raise InvalidInput(
            "The order names no reason of the suppression list.",
            field="about",
            mend=f"Use one of {', '.join(SUPPRESSIONS)}.",
        )


def _check_message(ask: Ask, messages: Collection[str]) -> None:
    if ask.act != "send" or not (ask.person or ask.identify):
        raise InvalidInput(
            "A message goes with the act send and with a person.",
            field="message",
            mend="Name the person, or leave it out.",
        )
    if ask.channel != "email":
        raise InvalidInput(
            "A message goes out by e-mail only.", field="channel", mend="Send it with the channel email."
        )
    if ask.message not in messages:
        raise InvalidInput(
            "There is no such message.",
            field="message",
            mend=f"Use one of {', '.join(messages) or '(none)'}.",
        )


def _check_sizes(ask: Ask) -> None:
    fields, values, identify = ask.fields, ask.values, ask.identify
    if len(fields) > MAX_FIELDS or len(values) > MAX_VALUES or len(identify) > MAX_IDENTIFIERS:
        raise _too_many(ask)
    if ask.record and ask.act == "erase" and not fields:
        raise InvalidInput(
            "The erasure names a record and no fields; nothing was erased.",
            field="fields",
            mend="Name the fields of the record, or leave the record out to erase the person.",
        )
    if ask.records:
        _check_records(ask)
    handles = _handles_of(ask)
    if not all(is_id(handle) for handle in handles if handle):
        name = next(
            name for name, handle in zip(_HANDLES, handles, strict=True) if handle and not is_id(handle)
        )
        raise InvalidInput(
            f"The {name} is not a handle.",
            field=name,
            mend="Give the 32 hexadecimal characters that Troth gave.",
        )
    texts = _texts_of(ask)
    if max(map(len, texts)) > MAX_TEXT:
        name = next(name for name, text in zip(_TEXTS, texts, strict=True) if len(text) > MAX_TEXT)
        raise InvalidInput(f"{name} is longer than {MAX_TEXT} characters.", field=name, mend="Shorten it.")
    if fields or identify or values:
        _check_kept(ask)


def _too_many(ask: Ask) -> InvalidInput:
    name, number, most = next(
        (name, len(given), most)
        for name, given, most in (
            ("fields", ask.fields, MAX_FIELDS),
            ("values", ask.values, MAX_VALUES),
            ("identify", ask.identify, MAX_IDENTIFIERS),
        )
        if len(given) > most
    )
    return InvalidInput(f"The act has {number} {name}; {most} is the most.", field=name, mend="Split it.")


def _check_records(ask: Ask) -> None:
    """Refuse what is no reading of several records of one person."""
    known = all(one == "" or is_id(one) for one in ask.records)
    if (
        ask.act not in ("use", "send")
        or ask.record
        or not ask.fields
        or len(ask.records) > MAX_RECORDS
        or not known
    ):
        raise InvalidInput(
            "Several records are read by the acts use and send, with fields and without one record.",
            field="records",
            mend=f"Name at most {MAX_RECORDS} records of the person; an empty text is the profile.",
        )


def _check_kept(ask: Ask) -> None:
    """Refuse what a store would refuse in the middle of a batch: text that is no text, values that are not JSON."""
    for name, given in (("fields", ask.fields), ("identify", ask.identify), ("values", ask.values)):
        if not given:
            continue
        try:
            encoded = _encode(given)
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
            encoded = b"\\u0000"
        if b"\\u0000" in encoded or len(encoded) > MAX_WEIGHT:
            raise InvalidInput(
                f"{name} holds what cannot be kept; nothing was stored.",
                field=name,
                mend=f"Send JSON without null characters, at most {MAX_WEIGHT} bytes.",
            )
