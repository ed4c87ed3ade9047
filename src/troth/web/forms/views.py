"""What the templates of forms show: a form with what was typed, what is wrong with it and what was found in it. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from troth.collection import (
    ORDER_ROWS,
    Control,
    Fault,
    Form,
    Sent,
    kinds_in,
    row_of,
)
from troth.web.forms.bodies import carried_text


class Wrong(NamedTuple):
    """One thing that is wrong: the control at fault, empty where it is none, and a sentence."""

    name: str
    text: str


class Carried(NamedTuple):
    """A file that the page carries to the next try: its name, and what the page holds of it."""

    name: str
    text: str


class Shown(NamedTuple):
    """A form to be shown.

    Args:
        form: The form.
        texts: What was typed, by name of the control.
        wrong: What is wrong, in the order of the form.
        found: Personal data found in free text, by name of the control, in words.
        looked: Whether the text was looked through.
        rows: Rows that an order shows.
        message: What is told above the form; empty for nothing.
        files: What was sent of files that are not at fault, as the page carries it to the next try, by name of the control.
        aware: Kinds of personal data that the writer may keep in the text knowingly; empty where nothing was asked.
    """

    form: Form
    texts: Mapping[str, str] = {}
    wrong: tuple[Wrong, ...] = ()
    found: Mapping[str, tuple[str, ...]] = {}
    looked: bool = False
    rows: int = ORDER_ROWS
    message: str = ""
    files: Mapping[str, Carried] = {}
    aware: tuple[str, ...] = ()

    def error(self, name: str) -> str:
        """What is wrong with a control; empty for nothing."""
        return " ".join(one.text for one in self.wrong if one.name == name)

    def touches(self, controls: Iterable[Control]) -> bool:
        """Whether something was typed into one of some controls, or is wrong with it, or with a part of it."""
        names = {part.name for control in controls for part in (control, *control.parts)}
        return any(self.texts.get(name) for name in names) or any(one.name in names for one in self.wrong)


def wrong_of(form: Form, faults: Iterable[Fault], rows: int) -> tuple[Wrong, ...]:
    """Faults as people read them, under the label of the control."""
    labels = _labels(form, rows)
    places = {name: number for number, name in enumerate(labels)}
    wrong = [_wrong(fault, labels) for fault in faults]
    return tuple(sorted(dict.fromkeys(wrong), key=lambda one: places.get(one.name, -1)))


def missing_parts(form: Form, sent: Sent) -> Iterator[Fault]:
    """The needed parts of a group that was only begun, all at once; a submission tells the first alone."""
    for control in form.controls:
        if control.kind == "group" and control.name in sent.values:
            for part in control.parts:
                if part.needed and part.name not in sent.texts:
                    yield Fault(part.name, f"{part.name} is missing.", "")


def found_of(form: Form, sent: Sent) -> dict[str, tuple[str, ...]]:
    """The kinds of personal data found in the free text of a form, by name of the control."""
    found = {}
    for control in form.controls:
        text = sent.texts.get(control.name, "")
        if (control.kind == "lines" or control.scan) and text:
            kinds = kinds_in(text)
            if kinds:
                found[control.name] = tuple(kinds.values())
    return found


def kinds_of(form: Form, sent: Sent) -> tuple[str, ...]:
    """The kinds of personal data in all text that is looked through."""
    texts = [sent.texts.get(control.name, "") for control in form.controls if control.scan]
    return tuple(sorted({kind for text in texts if text for kind in kinds_in(text)}))


def carried_of(sent: Sent, wrong: Iterable[Wrong] = ()) -> dict[str, Carried]:
    """The files that need not be chosen again."""
    faulty = {one.name for one in wrong}
    return {
        name: Carried(upload.name, carried_text(upload))
        for name, upload in sent.files.items()
        if name not in faulty
    }


def _labels(form: Form, rows: int) -> dict[str, str]:
    """The label of each control and group, in the order of the form; a part's says which group it belongs to."""
    labels: dict[str, str] = {}
    for control in form.controls:
        labels[control.name] = control.label
        if control.kind == "group":
            labels.update((part.name, f"{control.label}: {part.label}") for part in control.parts)
        for number in range(rows if control.kind == "order" else 0):
            line = f"{control.label}, line {number + 1}"
            labels[f"{control.name}.{number}"] = line
            labels.update((part.name, f"{line}: {part.label}") for part in row_of(control, number))
    return labels


def _wrong(fault: Fault, labels: Mapping[str, str]) -> Wrong:
    label = labels.get(fault.field)
    if label is None:
        return Wrong("", f"{fault.reason} {fault.mend}")
    what = fault.reason.removeprefix(f"{fault.field} ")
    if what == "is missing.":
        return Wrong(fault.field, f"{label} is missing. Please fill it in.")
    told = what if what[:1].isupper() else f"this {what}"  # the gate's own sentences stand by themselves
    return Wrong(fault.field, f"{label}: {told} {fault.mend}")
