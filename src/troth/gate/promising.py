"""Work that the gate promises in an act's own unit of work, done after its commit: mail, and what follows an erasure."""

import re
from collections.abc import Sequence

from troth.kernel import InvalidInput
from troth.storage import Transaction, stage_job

KEY_ENDS = "keys.end"
"""Topic of the end of keys under which erased fields were sealed; body: person, key group, and the instant."""
MAIL = "mail.send"
"""Topic of a mail to be sent; body: template, purpose and the handles that the template needs."""
ERASED = "person.erased"
"""Topic of what follows an erasure outside the vault; body: the handle of the person who was erased."""


_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?![A-Za-z0-9])")


def language_of(tag: str) -> str:
    """The language of a tag (BCP 47) without its region; empty where it names none."""
    found = _LANGUAGE.match(tag)
    return found[0].lower() if found else ""


def stage_mail(
    tx: Transaction,
    template: str,
    *,
    person: str,
    now: int,
    purpose: str = "",
    language: str = "",
    **handles: str,
) -> str:
    """Promise a mail to a person in the current unit of work.

    The sending is an act of its own: at its moment the policy decides on it, and only then the address is read.

    Args:
        tx: Unit of work.
        template: Name of a registered template.
        person: Handle of whom the mail goes to.
        now: Instant of the unit of work (microseconds).
        purpose: Data use that it serves, when it is not the template's own.
        language: In which it is wanted (BCP 47), as the page has it by which it was asked for; empty where nothing tells.
        handles: What the template needs to find its variables by, such as the id of a case; never a value or a secret.

    Returns:
        The job's id, which is also the first half of the mail's Message-ID.

    Raises:
        InvalidInput: No template or person was named.
    """
    if not template or not person:
        raise InvalidInput("A mail needs a template and a person.", field="template", mend="Name both.")
    body = {"template": template, "purpose": purpose, **handles}
    spoken = language_of(language)
    if spoken:
        body["language"] = spoken
    return stage_job(tx, MAIL, body, due=now, person=person)


def stage_erased(tx: Transaction, person: str, now: int) -> None:
    """Promise what follows an erasure outside the vault; the job is about nobody, so that it is not forgotten too."""
    stage_job(tx, ERASED, {"person": person}, due=now)


def stage_key_ends(tx: Transaction, groups: Sequence[tuple[str, str]], now: int) -> None:
    """Promise that the keys of key groups (person, group) go from which fields were erased, also after a crash."""
    for person, group in groups:
        stage_job(tx, KEY_ENDS, {"person": person, "group": group, "at": str(now)}, due=now, person=person)
