"""What staff read instead of the program's own names: states, kinds, channels, places, actions and steps, in plain words.

Templates have them as `said`. A name that is not known here, such as a connector's, is shown as it is, apart by blanks.
"""

import re
from collections.abc import Mapping

from markupsafe import Markup, escape

from troth.policy import Field, Policy, use_title
from troth.rights import (
    AUTHORITY_ENDED,
    BY_DOCUMENT,
    BY_PERSON,
    COPY_FETCHED,
    PROOFLESS,
    STANDING,
    TOLD,
    UNCONFIRMED,
    MatterRow,
    Step,
)

MATTERS: Mapping[str, str] = {"request": "Request", "dispute": "Dispute", "question": "Question"}
KINDS: Mapping[str, str] = {
    "access": "Copy of their data",
    "portability": "Data for another service",
    "correct": "Correction",
    "erase": "Deletion",
    "restrict": "Setting data aside",
    "object": "Objection to a use",
    "release": "Letting a use go on",
    "other": "Something else",
}
STATES: Mapping[str, str] = {
    "received": "Received",
    "opened": "Opened",
    "identity-pending": "Waits for proof",
    "authority-pending": "Written authority waits",
    "acknowledged": "Acknowledged",
    "verified": "Proven who asks",
    "taken": "Taken over",
    "planned": "Planned",
    "executing": "Being carried out",
    "under-review": "Under review",
    "proposed": "Outcome proposed",
    "completed": "Done",
    "partially-completed": "Done in part",
    "answered": "Answered",
    "resolved": "Resolved",
    "unresolved": "Not resolved",
    "refused": "Refused",
    "withdrawn": "Withdrawn",
}
"""In the order in which they come."""
CHANNELS: Mapping[str, str] = {
    "": "Order",
    "web": "Web page",
    "email": "Mail",
    "phone": "Telephone",
    "letter": "Letter",
    "product": "Product",
    "api": "API",
    "import": "Import",
}
PLACES: Mapping[str, str] = {
    "vault": "Vault",
    "events": "Web events",
    "relay": "Relay",
    "agents": "Agents",
    "mail": "Outgoing mail",
    "inbox": "Incoming mail",
    "corrections": "Profile",
    "uses": "Uses",
    "closing": "Last mail",
    "recipients": "Recipients",
    "suppression": "Suppression list",
    "ledger": "Ledger",
    "backups": "Backups",
}
ACTIONS: Mapping[str, str] = {
    "copy": "Copy",
    "erase": "Erase",
    "mask": "Mask",
    "correct": "Correct",
    "restrict": "Stop",
    "release": "Let go on",
    "tell": "Tell",
    "by-hand": "By hand",
    "keep": "Keep",
}
PIECES: Mapping[str, str] = {"waiting": "Waits", "done": "Done", "kept": "Kept", "failed": "Failed"}
STEPS: Mapping[str, str] = {
    **STATES,
    "identity-pending": "Asked for proof",
    "executing": "Carrying out began",
    "joined": "Sent again; both are one",
    "classified": "Classified",
    "overdue": "Due date passed",
    "extended": "Longer time taken",
    "reminded": "Staff reminded",
    "review-taken": "Review taken over",
    "started": "Started by hand",
    "agent-proven": "The agent's mailbox is proven",
    "authority-added": "Written authority added",
    "authority-accepted": "Written authority accepted",
    "authority-rejected": "Written authority not accepted",
    "authority-withdrawn": "The person took the authority back",
    "handed-over": "Handed over",
    "put-back": "Put back",
    "answer-sent": "Answered by mail",
    "wrote-again": "The person wrote again",
    "closed": "Closed",
    "reopened": "Opened again",
    TOLD: "Recipient told",
    COPY_FETCHED: "Copy fetched",
}
DONE: Mapping[str, str] = {
    "take": "You have taken it over",
    "verify": "You answer for who asks",
    "classify": "It is classified",
    "plan": "It is planned; nothing was carried out",
    "carry-out": "It is being carried out",
    "review": "You review it",
    "move": "It stands where you brought it",
    "extend": "The longer time is taken, and the person is told why",
    "tell": "It is noted that they were told",
    "accept-authority": "The authority stands, and the request goes on",
    "reject-authority": "The authority was not accepted, and the agent is told why",
    "add-authority": "The document is kept with the request",
}
"""What is said after a step."""
CASE_DONE: Mapping[str, str] = {
    "take": "It is assigned to you",
    "put-back": "It is assigned to nobody",
    "hand-over": "It is handed over; you open nothing of it any more",
    "stage": "It stands at its next stage",
    "answer": "The answer is kept with the ticket and is on its way",
    "close": "It is closed, and nobody opens it any more",
    "reopen": "It is open again, and assigned to you",
}
"""What is said after a step with a case."""
VIEWS: Mapping[str, str] = {"open": "Open", "mine": "Mine", "free": "Assigned to nobody", "closed": "Closed"}
OUTCOMES: Mapping[str, str] = {
    "joined": "the person had asked for the same; the other goes on",
    "unproven": "nobody proved in time who asked",
    UNCONFIRMED: "whoever it is about said no",
    AUTHORITY_ENDED: "the authority had ended before anything was done",
}
NOTES: Mapping[str, str] = {
    PROOFLESS: "this kind needs no proof",
    "mailbox": "by the link to the mailbox",
    BY_DOCUMENT: "by a written authority",
    STANDING: "by an authority that was accepted before",
}
AUTHORITIES: Mapping[str, str] = {
    "waits": "Nobody has said yes",
    "given": "Stands",
    "rejected": "Not accepted",
    "denied": "The person said no",
    "ended": "The person took it back",
}
BASES: Mapping[str, str] = {
    BY_PERSON: "the person's own yes",
    BY_DOCUMENT: "a written authority",
    STANDING: "an authority that was accepted before",
}
ACTS: Mapping[str, str] = {
    "collect": "Take data in",
    "hold": "Take data in to wait",
    "use": "Read data",
    "send": "Send a message",
    "disclose": "Pass data on",
    "analyse": "Count data",
    "erase": "Delete data",
    "instruct": "Take a step",
    "begin-work": "Sign in to work",
}
_CLAUSE = re.compile(r"[IVX]+\.\d+")
_BY_ROLE = re.compile(r"told by (\S+)")
_UNTOLD = frozenset({"joined"})
"""Steps whose note is an id that tells a reader nothing."""


BATCHES: Mapping[str, str] = {
    "making": "Being made",
    "made": "Waits to be fetched",
    "delivered": "Handed over",
    "discarded": "Thrown away",
    "gone": "Removed",
}
LETTERS: Mapping[str, str] = {
    "sent": "Written",
    "bounced": "Came back",
    "planned": "To be written",
    "held": "Held: the case is closed",
    "sending": "Being written",
    "skipped": "Left out",
    "failed": "Failed",
}


class Said:
    """Plain words for what the program names.

    Args:
        policy: The version in force, which names roles and recipients.
    """

    acts, actions, channels, done, kinds, matters, pieces, places, states = (
        ACTS, ACTIONS, CHANNELS, DONE, KINDS, MATTERS, PIECES, PLACES, STATES,
    )  # fmt: skip
    authorities, bases, batches, letters, views = AUTHORITIES, BASES, BATCHES, LETTERS, VIEWS

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def of(self, words: Mapping[str, str], name: str) -> str:
        """The words for a name; the name itself, its hyphens as blanks, where there are none."""
        return words.get(name) or _plain(name)

    def what(self, row: MatterRow) -> str:
        """What somebody asks for: the kind of a request, else which matter it is."""
        return self.of(KINDS, row.kind) if row.kind else self.of(MATTERS, row.matter)

    def state(self, name: str) -> str:
        """A state."""
        return self.of(STATES, name)

    def listed(self, states: frozenset[str]) -> str:
        """Some states in a sentence, in the order in which they come."""
        return ", ".join(self.state(one).lower() for one in STATES if one in states)

    def role(self, name: str) -> str:
        """A role by its title."""
        if name == "person":
            return "the person"
        role = self._policy.roles.get(name)
        return (role.title if role is not None else "") or _plain(name)

    def step(self, one: Step) -> str:
        """A step that was taken."""
        return self.of(STEPS, one.step)

    def note(self, one: Step) -> str:
        """What was noted at a step; empty where it is an id only."""
        if not one.note or one.step in _UNTOLD:
            return ""
        if one.step == "classified":
            return self.of(KINDS, one.note)
        if one.step == "reminded":
            return self.role(one.note)
        if one.step == TOLD:
            recipient = self._policy.recipients.get(one.note)
            return (recipient.title if recipient is not None else "") or one.note
        return NOTES.get(one.note) or self.outcome(one.note)

    def outcome(self, note: str) -> str:
        """Why something ended: a code in words, anything else as it was written."""
        return OUTCOMES.get(note, note)

    def went(self, note: str) -> str:
        """How an item of a plan went; a role by its title."""
        return _BY_ROLE.sub(lambda found: f"told by {self.role(found[1])}", note)

    def why(self, reason: str) -> Markup:
        """The reason of an item, a clause as a link to it."""
        if _CLAUSE.fullmatch(reason):
            return Markup('<a href="/policy#{0}">clause {0}</a>').format(reason)
        return escape(reason)

    def choice(self, field: Field, value: object) -> str:
        """A value as staff read it: kinds of requests and data uses in plain words, anything else as it was written."""
        text = str(value)
        if field.uses:
            return ", ".join(use_title(self._policy, one) for one in text.split())
        return (
            KINDS.get(text, text) if field.type == "choice" and KINDS.keys() >= set(field.choices) else text
        )

    def use(self, purpose: str) -> str:
        """What something serves, by the title of the policy."""
        return use_title(self._policy, purpose)

    def titles(self, names: tuple[str, ...]) -> str:
        """Fields of the policy by their titles."""
        fields = self._policy.fields
        return ", ".join(
            (fields[name].title if name in fields else "") or _plain(name).replace("_", " ") for name in names
        )


def _plain(name: str) -> str:
    return name.replace("-", " ")
