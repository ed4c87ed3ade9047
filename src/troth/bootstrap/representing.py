"""Requests that somebody makes in another's name, wired: the links, the mails, and what they say to whom.

An agent's link names the request and its last instant, under a MAC; it holds no secret that opens anything of a person. What an
agent wrote stands in no mail: whoever is asked sees it on the page behind a link to their own mailbox.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING

from troth.bootstrap.links import MailedLinks
from troth.bootstrap.speaking import day_in, language_of_matter, told_in, words_for
from troth.flows import Wording
from troth.gate import VERIFY
from troth.kernel import NotFound, from_micros, is_id, micros
from troth.outreach import Template
from troth.policy import Policy, agent_field
from troth.rights import (
    AGENT_ASKS,
    AGENT_NEWS,
    AGENT_PROVE,
    REJECTED,
    STANDING,
    Agents,
    Mandate,
    MatterRow,
    duties_of,
    forget_mandates,
    mandate_of,
    matter_by_case,
)
from troth.storage import JobOver

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_ABOUT: Mapping[str, str] = {
    "access": "a copy of your data",
    "portability": "your data for another service",
    "correct": "a correction of your data",
    "erase": "the deletion of your data",
    "restrict": "to set your data aside",
    "object": "to stop a use of your data",
    "release": "to let a use go on that you stopped",
    "other": "something about your data",
}
_SAYS: Mapping[str, str] = {
    "identity-pending": "we have asked whoever it is about, and wait for their word.",
    "authority-pending": "we have asked whoever it is about, and our staff look at the written authority.",
    "verified": "it was confirmed, and we do what you asked for.",
    "executing": "it was confirmed, and is being done.",
    "completed": "it is done. Whoever it is about gets what there is to hand out or to explain.",
    "partially-completed": "it is done as far as it can be. Whoever it is about gets what there is to hand out or to explain.",
    "refused": "we do not do it.",
    "withdrawn": "it was not confirmed, and has ended. Nothing was done.",
    "erase": "it was confirmed, and everything is being deleted now, your name and address too. This is our last message about it.",
    "rejected": "we cannot accept the written authority. Whoever it is about can still say yes from their own mailbox.",
    "": "it is being worked on.",
}
_NOT_DECIDED = frozenset({"identity-pending", "authority-pending"})


def agents_of(troth: "Troth") -> Agents:
    """What agents, people and staff do about requests in somebody's name."""
    return Agents(troth.rights, troth.database, troth.policy, troth.clock)


def agent_mark(troth: "Troth", case: str, until: int) -> str:
    """What an agent's link carries: its last instant (microseconds) and the MAC of both."""
    mac = hmac.new(troth.web_secret, f"agent\0{case}\0{until}".encode(), hashlib.sha256).hexdigest()
    return f"{until}-{mac}"


def agent_request(troth: "Troth", case: str, mark: str) -> tuple[MatterRow, Mandate]:
    """The request of an agent's link that is signed by us and whose time is not over.

    Raises:
        NotFound: It is forged, of another request, or too old.
    """
    until, _, _ = mark.partition("-")
    if is_id(case) and until.isascii() and until.isdigit() and len(until) < len(str(1 << 63)):
        signed = hmac.compare_digest(
            agent_mark(troth, case, int(until)).encode(), mark.encode("utf-8", "replace")
        )
        if signed and micros(troth.clock.now()) <= int(until):
            with troth.database.snapshot() as tx:
                row, one = matter_by_case(tx, case), mandate_of(tx, case)
            if row is not None and one is not None:
                return row, one
    raise NotFound(
        "This link leads to no request, or its time is over.",
        clause="III.0",
        mend="Use the link as it stands in the mail.",
    )


def forget_agents(troth: "Troth", person: str) -> None:
    """Forget who asked in the name of somebody who is erased."""
    with troth.database.transaction() as tx:
        forget_mandates(tx, person)


class AgentMails:
    """The mails about requests in somebody's name; each is filled in at the moment of sending.

    Args:
        troth: The running parts.
        links: Makes the link to the person's page.
    """

    def __init__(self, troth: "Troth", links: MailedLinks) -> None:
        self._troth = troth
        self._links = links

    def templates(self, purpose: str) -> list[Template]:
        """The templates, for a data use; those to an agent read the address from the request's own record."""
        shared = ("number", "due", "why", "received")
        asks, news = (*shared, "what", "how", "link"), (*shared, "state", "outcome")
        spoken = language_of_matter(self._troth)
        to_agent = Template(
            AGENT_PROVE, purpose, variables=(*shared, "link"), fresh=self._proving, language=spoken, to=_mailbox, record=self._record
        )  # fmt: skip
        return [
            to_agent,
            Template(AGENT_ASKS, purpose, variables=asks, fresh=self._asking, language=spoken),
            to_agent._replace(name=AGENT_NEWS, variables=news, fresh=self._going_on),
        ]

    def _found(self, handles: Mapping[str, str]) -> tuple[MatterRow, Mandate]:
        case = handles.get("case", "")
        with self._troth.database.reading() as tx:
            row, one = matter_by_case(tx, case), mandate_of(tx, case)
        if row is None or one is None:
            raise JobOver("no-such-matter")
        return row, one

    def _record(self, person: str, handles: Mapping[str, str]) -> str:
        del person
        return self._found(handles)[1].record

    def _proving(self, person: str, handles: Mapping[str, str]) -> Mapping[str, str]:
        del person
        row, one = self._found(handles)
        if row.ended_at or one.proven_at:
            raise JobOver("no-longer-wanted")
        base = self._troth.settings.web.public_url.rstrip("/")
        link = f"{base}/agents/{row.case}/{agent_mark(self._troth, row.case, row.due_at)}"
        return {**_told(self._troth, row), "link": link}

    def _asking(self, person: str, handles: Mapping[str, str]) -> Mapping[str, str]:
        row, one = self._found(handles)
        if row.ended_at:
            raise JobOver("no-longer-wanted")
        words = words_for(self._troth, row)
        return {
            **_told(self._troth, row),
            "what": words(_ABOUT.get(row.kind, _ABOUT["other"])),
            "how": _how(words, one),
            "link": self._links.link(f"agents/{row.case}/person", person, VERIFY),
        }

    def _going_on(self, person: str, handles: Mapping[str, str]) -> Mapping[str, str]:
        del person
        row, one = self._found(handles)
        words = words_for(self._troth, row)
        says, reason = _news(row, one)
        return {
            **_told(self._troth, row),
            "state": words(says),
            "outcome": words("The reason: {reason}", reason=reason) if reason else "",
        }


def _mailbox(policy: Policy) -> str:
    """Name of the field that holds an agent's mailbox."""
    return agent_field(policy, "mailbox")


def _told(troth: "Troth", row: MatterRow) -> dict[str, str]:
    words = words_for(troth, row)
    with troth.database.reading() as tx:
        duties = duties_of(tx, row.case)
    return {
        "number": row.number,
        "due": told_in(words, row.due_at),
        "received": told_in(words, row.received_at),
        "why": next((one.why for one in duties if one.rule == row.due_rule), ""),
    }


def _how(words: Wording, one: Mandate) -> str:
    """By what the request goes on, told to the person."""
    if one.basis == STANDING:
        until = day_in(words, from_micros(one.valid_until))
        return words(
            "You gave them an authority that holds until {until}, so we go on. If you do not want that any more, say no behind the link.",
            until=until,
        )
    if one.document:
        return words(
            "They sent us a written authority. Our staff look at it, and go on by it if it is good. You can say no before that, and later too."
        )
    return words(
        "Nothing is done before you say yes. If you say no, or nothing, the request ends and nothing was done."
    )


def _news(row: MatterRow, one: Mandate) -> tuple[str, str]:
    """What an agent may know of how a request goes on, and why: only what concerns the agent's own authority."""
    if one.state == REJECTED and row.state in _NOT_DECIDED:
        return _SAYS["rejected"], one.reason
    if row.kind == "erase" and row.state == "executing":
        return _SAYS["erase"], ""
    return _SAYS.get(row.state, _SAYS[""]), ""
