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
from troth.flows import Wording
from troth.web.forms.bodies import carried_text
from troth.web.forms.tongues import fault_in_words, found_in_words, mend_in_words


class Wrong(NamedTuple):
    """One thing that is wrong.

    Args:
        name: The control at fault; empty where it is none.
        label: What the policy calls it; empty where it is none.
        told: What is wrong with it, which follows the label.
    """

    name: str
    label: str
    told: str


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

    def errors(self, name: str) -> tuple[Wrong, ...]:
        """What is wrong with a control."""
        return tuple(one for one in self.wrong if one.name == name)

    def touches(self, controls: Iterable[Control]) -> bool:
        """Whether something was typed into one of some controls, or is wrong with it, or with a part of it."""
        names = {part.name for control in controls for part in (control, *control.parts)}
        return any(self.texts.get(name) for name in names) or any(one.name in names for one in self.wrong)


def wrong_of(form: Form, faults: Iterable[Fault], rows: int, words: Wording) -> tuple[Wrong, ...]:
    """Faults as people read them in their language, under the label of the control."""
    labels = _labels(form, rows, words)
    places = {name: number for number, name in enumerate(labels)}
    wrong = [_wrong(fault, labels, words) for fault in faults]
    return tuple(sorted(dict.fromkeys(wrong), key=lambda one: places.get(one.name, -1)))


def missing_parts(form: Form, sent: Sent) -> Iterator[Fault]:
    """The needed parts of a group that was only begun, all at once; a submission tells the first alone."""
    for control in form.controls:
        if control.kind == "group" and control.name in sent.values:
            for part in control.parts:
                if part.needed and part.name not in sent.texts:
                    yield Fault(part.name, f"{part.name} is missing.", "")


def found_of(form: Form, sent: Sent, words: Wording) -> dict[str, tuple[str, ...]]:
    """The kinds of personal data found in the free text of a form, in a language, by name of the control."""
    found = {}
    for control in form.controls:
        text = sent.texts.get(control.name, "")
        if (control.kind == "lines" or control.scan) and text:
            kinds = kinds_in(text)
            if kinds:
                found[control.name] = found_in_words(words, kinds.values())
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


def _labels(form: Form, rows: int, words: Wording) -> dict[str, str]:
    """The label of each control and group, in the order of the form; a part's says which group it belongs to."""
    labels: dict[str, str] = {}
    for control in form.controls:
        labels[control.name] = control.label
        if control.kind == "group":
            labels.update((part.name, f"{control.label}: {part.label}") for part in control.parts)
        for number in range(rows if control.kind == "order" else 0):
            line = words("{what}, line {number}", what=control.label, number=number + 1)
            labels[f"{control.name}.{number}"] = line
            labels.update((part.name, f"{line}: {part.label}") for part in row_of(control, number))
    return labels


def _wrong(fault: Fault, labels: Mapping[str, str], words: Wording) -> Wrong:
    label = labels.get(fault.field)
    if label is None:
        return Wrong("", "", f"{fault_in_words(words, fault.reason)} {mend_in_words(words, fault.mend)}")
    what = fault.reason.removeprefix(f"{fault.field} ")
    if what == "is missing.":
        return Wrong(fault.field, label, " " + words("is missing. Please fill it in."))
    told = fault_in_words(words, what)
    # the gate's own sentences stand by themselves, and those of other languages bring their subject
    told = told if what[:1].isupper() or told != what else f"this {what}"
    return Wrong(fault.field, label, f": {told} {mend_in_words(words, fault.mend)}")
