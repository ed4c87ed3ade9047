"""Requests and disputes, wired: what handles them, and what the mails about them say."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from troth.bootstrap.links import MailedLinks
from troth.bootstrap.reminding import teller
from troth.bootstrap.speaking import language_of_matter, told_in, words_for
from troth.flows import CORRECT, Wording, told_why
from troth.gate import VERIFY
from troth.kernel import Log, micros
from troth.outreach import Template
from troth.rights import (
    CLOSING,
    EXTENDED,
    NEWS,
    PROVE,
    RECEIVED,
    MatterRow,
    Rights,
    duties_of,
    end_questions,
    matter_by_case,
    moved_clocks,
    watch,
)
from troth.storage import JobOver, Task

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_EVERY = timedelta(minutes=10)
_SAYS: Mapping[str, str] = {
    "taken": "somebody is at work on it.",
    "planned": "we have worked out what is to be done.",
    "under-review": "somebody who had no part in it reviews it.",
    "completed": "it is done.",
    "partially-completed": "it is done, but for a part that has to stay; we tell you which and why.",
    "refused": "we cannot do it; we tell you why.",
    "withdrawn": "it was withdrawn, and nothing more happens.",
    "answered": "it is answered.",
    "resolved": "the review has ended, and we tell you its outcome with the reasons.",
    "": "it is being worked on.",
    "unresolved": "the review has ended without an agreement; we tell you where else you can turn.",
}
_log = Log("troth.rights")


def rights_of(troth: "Troth") -> Rights:
    """What staff and people do with requests and disputes."""
    return Rights(
        database=troth.database,
        perform=troth.perform_along,
        actor=troth.gate.actor,
        policy=troth.policy,
        clock=troth.clock,
    )


def matter_templates(troth: "Troth", links: MailedLinks, purpose: str) -> list[Template]:
    """The mails about a matter; each is filled in at the moment of sending."""

    def about(person: str, handles: Mapping[str, str]) -> Mapping[str, str]:
        del person
        return _variables(troth, _matter(troth, handles))

    def proving(person: str, handles: Mapping[str, str]) -> Mapping[str, str]:
        row = _matter(troth, handles)
        if row.verified_at or row.ended_at:
            raise JobOver("no-longer-wanted")
        return _variables(troth, row) | {"link": links.link(f"requests/{row.case}/verify", person, VERIFY)}

    def closing(person: str, handles: Mapping[str, str]) -> Mapping[str, str]:
        from troth.bootstrap.certifying import closing_variables

        row = _matter(troth, handles)
        words = words_for(troth, row)
        return {**about(person, handles), **closing_variables(troth, row.case, words)}

    def longer(person: str, handles: Mapping[str, str]) -> Mapping[str, str]:
        found = troth.rights.matter(_matter(troth, handles).case)
        words = words_for(troth, found.matter)
        for before, later, reason in moved_clocks(found.duties, found.steps):
            if before.rule == handles.get("clock"):
                days = {"before": told_in(words, before.due_at), "later": told_in(words, later.due_at)}
                return {**about(person, handles), **days, "reason_given": reason}
        raise JobOver("no-such-clock")

    shared = ("number", "due", "why", "received", "state", "outcome", "address_told")
    spoken = language_of_matter(troth)
    return [
        Template(RECEIVED, purpose, variables=shared, fresh=about, language=spoken),
        Template(PROVE, purpose, variables=(*shared, "link"), fresh=proving, language=spoken),
        Template(NEWS, purpose, variables=shared, fresh=about, language=spoken),
        Template(
            EXTENDED,
            purpose,
            variables=(*shared, "before", "later", "reason_given"),
            fresh=longer,
            language=spoken,
        ),
        Template(CLOSING, purpose, variables=(*shared, "link", "ends"), fresh=closing, language=spoken),
    ]


def end_questions_of(troth: "Troth", person: str) -> None:
    """End what somebody who was erased had asked and nobody has answered."""
    with troth.database.transaction() as tx:
        end_questions(tx, person, micros(troth.clock.now()))


def matter_tasks(troth: "Troth") -> list[Task]:
    """What is done periodically about matters."""

    def look() -> None:
        fired = watch(troth.database, troth.policy(), troth.clock, teller(troth))
        for row, duty in fired.reminders:
            _log.warning("request_reminder", number=row.number, role=duty.remind, due=row.due_at)
        for row in fired.lapsed:
            _log.info("request_unproven", number=row.number)
        for row in fired.late:
            _log.error("request_overdue", number=row.number, due=row.due_at)

    return [Task("matter-clocks", _EVERY, look, "Remind of open requests, and note those that are late.")]


def _matter(troth: "Troth", handles: Mapping[str, str]) -> MatterRow:
    with troth.database.reading() as tx:
        row = matter_by_case(tx, handles.get("case", ""))
    if row is None:
        raise JobOver("no-such-matter")
    return row


def _variables(troth: "Troth", row: MatterRow) -> dict[str, str]:
    words = words_for(troth, row)
    with troth.database.reading() as tx:
        duties = duties_of(tx, row.case)
    goes_on = troth.rights.row(row.joined) if row.joined else None
    why = next((one.why for one in duties if one.rule == row.due_rule), "")
    return {
        "number": row.number,
        "due": told_in(words, row.due_at),
        "received": told_in(words, row.received_at),
        "why": told_why(words, why, lambda at: told_in(words, at)),
        "outcome": words("The reason: {reason}", reason=row.outcome)
        if row.outcome and goes_on is None
        else "",
        "state": words(_state(row)) if goes_on is None else _joined(words, goes_on),
        "address_told": _address_told(troth, words) if row.kind == CORRECT else "",
    }


def _state(row: MatterRow) -> str:
    return _SAYS.get("taken" if row.handler and row.state not in _SAYS else row.state, _SAYS[""])


def _joined(words: Wording, goes_on: MatterRow) -> str:
    return words(
        "you had asked for the same before. It goes on as {number}, which we answer by {due}.",
        number=goes_on.number,
        due=told_in(words, goes_on.due_at),
    )


def _address_told(troth: "Troth", words: Wording) -> str:
    """Where a mail address is changed, which no correction changes."""
    return words(
        "A mail address is not changed this way: both mailboxes must say yes. You change it in your account: {address}",
        address=f"{troth.settings.web.public_url.rstrip('/')}/account",
    )
