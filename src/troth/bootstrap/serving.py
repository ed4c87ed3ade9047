"""Tickets, wired: the mails about them, all of one thread, from the address to which people write."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from troth.bootstrap.speaking import language_of_matter, told_in, words_for
from troth.collection import DEFAULT_MEDIA, MAX_BYTES
from troth.desk import ANSWER, TAKEN_IN, TICKET, answer_field, mails_of, records_of_mails
from troth.outreach import Template
from troth.policy import CaseType, Field, Policy
from troth.rights import MatterRow, matter_by_case
from troth.storage import JobOver

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

FILES_LEFT = "ticket-files-left"
"""Mail template: that some files of a mail could not be taken."""
MOST_FILES = 5
"""Files that are taken with one mail."""


def ticket_templates(troth: "Troth", purpose: str) -> list[Template]:
    """The mails about a ticket; each is filled in at the moment of sending, and stands in the ticket's thread."""

    def about(person: str, handles: Mapping[str, str]) -> Mapping[str, str]:
        del person
        row = _ticket(troth, handles)
        return {"number": row.number, "due": told_in(words_for(troth, row), row.due_at)}

    def files(person: str, handles: Mapping[str, str]) -> Mapping[str, str]:
        field = file_field(troth.policy())
        media = (field.media if field is not None else ()) or DEFAULT_MEDIA
        most = min(field.max_length if field is not None else 0, MAX_BYTES)
        limits = {"most": str(MOST_FILES), "size": str(most // 1000), "media": ", ".join(media)}
        return {**about(person, handles), **limits, "count": handles.get("count", "")}

    def written(policy: Policy) -> Mapping[str, str]:
        return {"answer_text": answer_field(policy, ticket_case(policy))}

    def records(person: str, handles: Mapping[str, str]) -> tuple[str, ...]:
        del person
        return (_ticket(troth, handles).record, handles.get("record", ""))

    language, before, theirs = language_of_matter(troth), _before(troth), _theirs(troth)
    return [
        Template(
            TAKEN_IN, purpose, reads=("name",), variables=("number", "due"), fresh=about, language=language,
            records=lambda _, handles: (_ticket(troth, handles).record,), thread=before, theirs=theirs, sender=support_address,
        ),
        Template(
            ANSWER, purpose, reads=("name",), variables=("number", "due", "answer_text"), fresh=about, language=language,
            records=records, writes=written, thread=before, theirs=theirs, sender=support_address, written=True,
        ),
        Template(
            FILES_LEFT, purpose, variables=("number", "due", "count", "most", "size", "media"), fresh=files, language=language,
            records=lambda _, handles: (_ticket(troth, handles).record,), thread=before, theirs=theirs, sender=support_address,
        ),
    ]  # fmt: skip


def support_address(policy: Policy) -> str:
    """The address to which people write about their tickets."""
    return policy.front.contact.support


def ticket_case(policy: Policy) -> CaseType:
    """The type of case that a ticket is.

    Raises:
        JobOver: The policy declares none any more.
    """
    for one in policy.cases.values():
        if one.matter == TICKET:
            return one
    raise JobOver("no-such-case")


def file_field(policy: Policy) -> Field | None:
    """The field that holds a file which somebody sends with a ticket; None where the policy takes none."""
    declared = ticket_case(policy)
    for point in policy.points.values():
        if declared.name in (point.opens, point.joins):
            for name in point.fields:
                if policy.fields[name].type == "file":
                    return policy.fields[name]
    return None


def _before(troth: "Troth") -> Callable[[str, Mapping[str, str]], tuple[str, ...]]:
    def before(person: str, handles: Mapping[str, str]) -> tuple[str, ...]:
        del person
        with troth.database.reading() as tx:
            sent = mails_of(tx, handles.get("case", ""))
        return tuple(sent)

    return before


def _theirs(troth: "Troth") -> Callable[[str, Mapping[str, str]], tuple[str, ...]]:
    """The records of the mails that a mail about a ticket answers: the person's first, and their latest."""

    def theirs(person: str, handles: Mapping[str, str]) -> tuple[str, ...]:
        del person
        with troth.database.reading() as tx:
            came = records_of_mails(tx, handles.get("case", ""))
        return tuple(dict.fromkeys((*came[:1], *came[-1:])))

    return theirs


def _ticket(troth: "Troth", handles: Mapping[str, str]) -> MatterRow:
    with troth.database.reading() as tx:
        row = matter_by_case(tx, handles.get("case", ""))
    if row is None:
        raise JobOver("no-such-matter")
    return row
