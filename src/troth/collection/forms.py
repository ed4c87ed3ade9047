"""Forms: what people see of a collection point, made from the policy's declarations alone. Pure.

A control is one thing to fill in. Its name is the path of its value: `email`, `shipping_address.city`,
`order_lines.0.sku`, the same that faults name.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from troth.collection.codes import COUNTRY_NAMES
from troth.collection.files import DEFAULT_MEDIA
from troth.policy import Activity, Field, Notice, Permit, Point, Policy, use_title

TEXT_LINE = 200
"""Longest text, in characters, that is asked for in one line."""
MAX_RADIOS = 5
ORDER_ROWS = 3
"""Rows of an order that a fresh form shows."""
PURPOSE = "troth-purpose"
"""Name of the control that asks for the purpose, where a point has several."""


class Option(NamedTuple):
    """One of several answers: the value that is sent, and what it is called."""

    value: str
    label: str


class Control(NamedTuple):
    """One thing to fill in.

    Args:
        name: Path of its value.
        label: What people call it.
        kind: line, lines, email, tel, date, number, secret, tick, ticks, select, radios, file, or a group of parts: group, order.
        required: Whether the point needs it.
        hint: What helps to fill it in; empty for nothing.
        example: A value that could stand there; empty for none, and where a hint stands already.
        autocomplete: What a browser may fill in (HTML standard); empty for nothing.
        max_length: Longest text, in characters; of a file, in bytes.
        options: The answers of a select, radios or ticks.
        parts: The controls of a group; those of one row of an order.
        accept: The media types of a file.
        needed: Whether its group cannot do without it, once the group is begun.
        scan: Whether what is typed is looked through for personal data.
        folds: Why few who fill the form in need it, so that it is folded: uses (which data uses a request is about), corrects (the
            new value of another field); empty where it stands open.
        ours: Whether its label and hint are Troth's own words, which are told in the reader's language, and not the policy's.
    """

    name: str
    label: str
    kind: str
    required: bool = False
    hint: str = ""
    example: str = ""
    autocomplete: str = ""
    max_length: int = 0
    options: tuple[Option, ...] = ()
    parts: tuple["Control", ...] = ()
    accept: str = ""
    needed: bool = False
    scan: bool = False
    folds: str = ""
    ours: bool = False

    @property
    def secret(self) -> bool:
        """Whether what was typed is never shown again."""
        return self.kind in {"secret", "file"}


class Told(NamedTuple):
    """A notice as a form tells it."""

    name: str
    text: str
    clause: str


class Form(NamedTuple):
    """The form of a collection point.

    Args:
        point: The declared point.
        title: Its heading.
        about: What it is for, in plain language; may be empty.
        controls: What there is to fill in, in order.
        notice: Its own notice, shown at the moment of collection.
        beside: The other notices of this place.
        reply: What is told after submission.
        uses: What the data is used for, in plain words.
        kept: How long it is kept, in plain words.
        objection: The notice that leads to saying no; None where the policy names none for this place.
        submit: What its button says.
        policy: SHA-256 of the policy version it was made from.
    """

    point: Point
    title: str
    about: str
    controls: tuple[Control, ...]
    notice: Told
    beside: tuple[Told, ...]
    reply: tuple[str, ...]
    uses: tuple[str, ...]
    kept: tuple[str, ...]
    objection: Told | None
    submit: str
    policy: str

    @property
    def sends_files(self) -> bool:
        """Whether a control takes a file."""
        return any(one.kind == "file" for one in self.controls)

    @property
    def takes_prose(self) -> bool:
        """Whether a control takes free text of several lines, which may hold more than its writer means to tell."""
        return any(one.kind == "lines" for one in self.controls)


@lru_cache(maxsize=256)
def form_of(policy: Policy, name: str) -> Form:
    """The form of a declared collection point, by its name; made once for each version of the policy."""
    point = policy.points[name]
    notices = [one for one in policy.notices.values() if f"point.{point.name}" in one.at]
    own = policy.notices.get(point.notice or "")
    objections = [_told(policy, one) for one in notices if one.role == "objection"]
    return Form(
        point=point,
        title=point.title or _words(point.name),
        about=point.about,
        controls=(*_purpose(policy, point), *_controls(policy, point)),
        notice=_told(policy, own) if own else Told("", "", point.clause),
        beside=tuple(_told(policy, one) for one in notices if not one.role and one is not own),
        reply=tuple(_told(policy, one).text for one in notices if one.role == "reply"),
        uses=tuple(dict.fromkeys(_use(policy, point, purpose) for purpose in point.purposes)),
        kept=tuple(_kept(policy, point)),
        objection=objections[0] if objections else None,
        submit=point.submit or "Send",
        policy=policy.sha256,
    )


def age_question(policy: Policy, point: Point) -> str:
    """What the age screen of a point asks, as the policy words it; empty where it does not."""
    for notice in policy.notices.values():
        if notice.role == "age-screen" and f"point.{point.name}" in notice.at:
            return _told(policy, notice).text
    return ""


def every_control(form: Form, rows: int = ORDER_ROWS) -> Iterator[Control]:
    """The controls of a form that a browser sends, those inside groups too; `rows` is how many an order has."""
    for control in form.controls:
        if control.kind == "order":
            for number in range(rows):
                yield from row_of(control, number)
        elif control.parts:
            yield from control.parts
        else:
            yield control


def row_of(control: Control, number: int) -> tuple[Control, ...]:
    """The controls of one row of an order, from 0."""
    return tuple(part._replace(name=f"{control.name}.{number}.{part.name}") for part in control.parts)


def _told(policy: Policy, notice: Notice) -> Told:
    return Told(notice.name, notice.text or policy.clause(notice.clause).prose, notice.clause)


def _purpose(policy: Policy, point: Point) -> tuple[Control, ...]:
    if len(point.purposes) == 1:
        return ()
    options = tuple(Option(purpose, _use(policy, point, purpose)) for purpose in point.purposes)
    return (Control(PURPOSE, "What it is for", "radios", required=True, options=options, ours=True),)


def _controls(policy: Policy, point: Point) -> Iterator[Control]:
    asks_for_another = any(policy.fields[name].agent for name in point.fields)
    for name, need in point.fields.items():
        if name in point.issued:
            continue
        control = control_of(policy.fields[name], required=need == "required")
        if control.kind == "ticks":
            told = tuple(Option(one.value, use_title(policy, one.value)) for one in control.options)
            control = control._replace(options=told)
        if asks_for_another and policy.fields[name].identifier and not control.hint:
            control = control._replace(hint="Of the person for whom you ask.")
        yield control


def control_of(field: Field, *, required: bool) -> Control:
    """The control that asks for a field."""
    base = Control(
        field.name,
        field.title or _words(field.name),
        "line",
        required=required,
        hint=field.about,
        example="" if field.about else field.example,
        autocomplete=field.autocomplete,
        max_length=field.max_length,
        scan=field.scan != "none",
        folds="" if required else "corrects" if field.corrects else "uses" if field.uses else "",
    )
    if field.type in _LIMITS:
        base = base._replace(max_length=min(field.max_length, _LIMITS[field.type]))
    simple = {
        "email": "email",
        "phone": "tel",
        "date": "date",
        "integer": "number",
        "boolean": "tick",
        "token": "secret",
    }
    if field.type in simple:
        return base._replace(kind=simple[field.type])
    if field.type == "text" and field.max_length > TEXT_LINE:
        return base._replace(kind="lines")
    if field.type == "choice":
        options = tuple(Option(choice, _words(choice)) for choice in field.choices)
        if field.uses:
            return base._replace(kind="ticks", options=options)
        return base._replace(kind="radios" if len(options) <= MAX_RADIOS else "select", options=options)
    if field.type == "country":
        return base._replace(kind="select", options=COUNTRIES)
    if field.type == "file":
        return base._replace(kind="file", accept=",".join(field.media or DEFAULT_MEDIA))
    if field.type in _GROUPS:
        kind = "order" if field.type == "order-lines" else "group"
        return base._replace(kind=kind, parts=tuple(_parts(base, _GROUPS[field.type], row=kind == "order")))
    return base


_LIMITS = {"name": 200, "email": 254, "phone": 40, "serial": 64}
COUNTRIES = tuple(
    Option(code, COUNTRY_NAMES[code]) for code in sorted(COUNTRY_NAMES, key=COUNTRY_NAMES.__getitem__)
)
_ADDRESS = (
    Control("line1", "Street and number", "line", needed=True, autocomplete="address-line1", max_length=200),
    Control("line2", "Address, second line", "line", autocomplete="address-line2", max_length=200),
    Control("postal_code", "Postal code", "line", autocomplete="postal-code", max_length=20),
    Control("city", "Town or city", "line", needed=True, autocomplete="address-level2", max_length=100),
    Control("region", "State or region", "line", autocomplete="address-level1", max_length=100),
    Control("country", "Country", "select", needed=True, autocomplete="country", options=COUNTRIES),
)
_MONEY = (
    Control("amount", "Amount", "line", needed=True, hint="With a point, such as 49.90.", max_length=20),
    Control("currency", "Currency", "line", needed=True, hint="Three letters, such as EUR.", max_length=3),
)
_ORDER = (
    Control("sku", "Article", "line", max_length=64),
    Control("title", "Name", "line", max_length=200),
    Control("quantity", "Quantity", "number", max_length=4),
)
_GROUPS = {"address": _ADDRESS, "money": _MONEY, "order-lines": _ORDER}


def _parts(group: Control, parts: tuple[Control, ...], *, row: bool) -> Iterator[Control]:
    """The parts of a group under its name; a part is marked as required where the group is."""
    for part in parts:
        token = f"{group.autocomplete} {part.autocomplete}".strip() if part.autocomplete else ""
        name = part.name if row else f"{group.name}.{part.name}"
        yield part._replace(name=name, required=part.needed and group.required, autocomplete=token, ours=True)


def _use(policy: Policy, point: Point, purpose: str) -> str:
    """A purpose in plain words: the company's own meaning, or the activity that it belongs to."""
    own = policy.front.terms.data_uses.get(purpose, "")
    if own:
        return own
    for activity in policy.of(Activity):
        if (
            activity.title
            and "collect" in activity.acts
            and any(_under(point.actor, actor) for actor in activity.actors)
            and any(_under(purpose, general) for general in activity.purposes)
        ):
            return activity.title
    return _words(purpose.rpartition(".")[2])


def _kept(policy: Policy, point: Point) -> Iterator[str]:
    """How long the data is kept, by the retention of the point or else of the permits that let it collect."""
    names = [point.retention] if point.retention else []
    names += [
        rule.retention
        for rule in policy.rules.values()
        if not point.retention
        and isinstance(rule, Permit)
        and rule.retention
        and "collect" in rule.acts
        and any(_under(point.actor, actor) for actor in rule.actors)
        and any(_under(purpose, general) for purpose in point.purposes for general in rule.purposes)
    ]
    for name in dict.fromkeys(names):
        retention = policy.retentions[name]
        yield retention.about or f"For {retention.keep} after {_event(retention.after)}."


def _event(name: str) -> str:
    thing, dot, what = name.partition(".")
    words = thing.replace("-", " ")
    return f"the {words} was {what.replace('-', ' ')}" if dot else f"the {words}"


def _under(key: str, general: str) -> bool:
    return general in {"*", key} or key.startswith(f"{general}.")


def _words(name: str) -> str:
    words = name.replace("_", " ").replace("-", " ").replace(".", " ").strip()
    return words[:1].upper() + words[1:]
