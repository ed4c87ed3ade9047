"""Copies for people, wired: every place that gives something out, who signs the package, and the mail that says it is ready.

The mail's link names the request and the last instant, under a MAC. It opens nothing by itself: whoever follows it proves the
mailbox anew, or has just signed in.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING

from troth.bootstrap.links import MailedLinks
from troth.bootstrap.speaking import language_of_matter, told_in, words_for
from troth.flows import Copies, OwnCopy, Packages, Part, Spool, Work, day
from troth.gate import SIGN_IN, stage_mail
from troth.kernel import NotFound, is_id, micros
from troth.outreach import Template
from troth.policy import Policy, kept_policy
from troth.rights import Item, MatterRow, matter_by_case, note_fetched
from troth.storage import JobOver

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

RIGHTS = "essential.service.rights_request"
READY, PROOF = "copy-ready", "copy-proof"
"""Mail templates: a copy can be fetched; a link to sign in for whoever follows the first mail's link."""
COPIED = frozenset({"access", "portability"})
VISITED = ("On", "Site", "What happened", "Page", "Page before", "Country", "Device", "More")
FETCHED_FOR = timedelta(days=14)
"""How long after it is ready a copy can be fetched."""
_MICROSECOND = timedelta(microseconds=1)
_ENDED = frozenset({"completed", "partially-completed"})


def own_copy(troth: "Troth") -> OwnCopy:
    """What the vault and the ledger give out."""
    known: dict[str, Policy] = {}

    def version(sha256: str) -> Policy:
        if sha256 not in known:
            known[sha256] = kept_policy(troth.policy_text(sha256))
        return known[sha256]

    return OwnCopy(
        database=troth.database,
        perform=troth.perform,
        actor=troth.gate.actor,
        policy=troth.policy,
        version=version,
        flush=troth.flush_ledger,
    )


class VisitsCopy:
    """The visits of somebody who was signed in."""

    name = "events"

    def __init__(self, troth: "Troth") -> None:
        self._troth = troth

    def copy(self, work: Work) -> Iterator[Part]:
        """See `Store.copy`; the places before it have decided that the person may have a copy."""
        visits = self._troth.events.copy(self._troth.web_key(), person=work.person)
        first = next(visits, None)
        if first is None:
            return
        rows = ((day(one.at), *one[1:]) for one in chain([first], visits))
        yield Part(self.name, "Your visits", VISITED, rows, origin="web", clause="", until="")


def copies_of(troth: "Troth") -> list[Copies]:
    """Every place that gives out what it holds about somebody; of the vault the copy that tells where each value came from."""
    from troth.bootstrap.answering import stores_of

    own = own_copy(troth)
    ours: list[OwnCopy | VisitsCopy] = [own, *([VisitsCopy(troth)] if counted_events(troth.policy()) else [])]
    names = {one.name for one in ours}
    return [*ours, *(store for store in stores_of(troth) if store.name not in names)]


def counted_events(policy: Policy) -> bool:
    """Whether the policy declares a point that takes web events."""
    return any(point.events for point in policy.points.values())


def packages_of(troth: "Troth") -> Packages:
    """What makes packages."""
    return Packages(
        stores=lambda: copies_of(troth),
        signer=troth.signer,
        policy=troth.policy,
        clock=troth.clock,
        base=troth.settings.web.public_url,
    )


def work_for(troth: "Troth", name: str, key: str, language: str = "") -> Work:
    """The work of making a package for a request, in the name of a key.

    Args:
        troth: The open folder.
        name: Number of the request, or its case.
        key: Of the person's session, or of staff who answer for the request.
        language: Of the page; empty for that of the request.
    """
    row = troth.rights.row(name)
    return Work(row.case, row.number, row.kind, row.person, row.record, key, RIGHTS, language or row.language)


def made_copy(troth: "Troth", work: Work) -> Spool:
    """Make the copy of a request and note that it was handed out; the caller closes what it gets.

    Raises:
        TrothError: A place gives nothing out, or does not answer; nothing was made or noted.
    """
    actor = troth.gate.actor(work.key)
    spool = packages_of(troth).make(work)
    with troth.database.transaction() as tx:
        note_fetched(tx, work.case, actor.role, actor.who, micros(troth.clock.now()))
    return spool


def tell_ready(troth: "Troth", work: Work, items: Sequence[Item]) -> None:
    """Close a request for a copy: it is made when it is fetched, so what is left is to say that it can be."""
    del items
    now = micros(troth.clock.now())
    with troth.database.transaction() as tx:
        stage_mail(tx, READY, person=work.person, now=now, case=work.case)


def copy_until(row: MatterRow) -> int:
    """The last instant (microseconds) at which a request's copy can be fetched; 0 while there is none."""
    ready = row.kind in COPIED and row.state in _ENDED
    return row.ended_at + FETCHED_FOR // _MICROSECOND if ready else 0


def copy_mark(troth: "Troth", case: str, until: int) -> str:
    """What a link to a copy carries: its last instant (microseconds) and the MAC of both."""
    mac = hmac.new(troth.web_secret, f"copy\0{case}\0{until}".encode(), hashlib.sha256).hexdigest()
    return f"{until}-{mac}"


def copy_of_link(troth: "Troth", case: str, mark: str) -> MatterRow:
    """The request of a link that is signed by us and whose time is not over.

    Raises:
        NotFound: It is forged, of another request, or too old.
    """
    until, _, _ = mark.partition("-")
    row = None
    if is_id(case) and until.isascii() and until.isdigit() and len(until) < len(str(1 << 63)):
        signed = hmac.compare_digest(
            copy_mark(troth, case, int(until)).encode(), mark.encode("utf-8", "replace")
        )
        if signed and micros(troth.clock.now()) <= int(until):
            with troth.database.reading() as tx:
                row = matter_by_case(tx, case)
    if row is None:
        raise NotFound(
            "This link leads to no copy, or its time is over.",
            clause="III.0",
            mend="Ask for another copy: /my.",
        )
    return row


def copy_templates(troth: "Troth", links: MailedLinks, purpose: str) -> list[Template]:
    """The mails about a copy; each is filled in at the moment of sending."""

    def ready(person: str, handles: Mapping[str, str]) -> Mapping[str, str]:
        del person
        with troth.database.reading() as tx:
            row = matter_by_case(tx, handles.get("case", ""))
        if row is None or row.state == "withdrawn":
            raise JobOver("no-such-matter")
        until = copy_until(row) or micros(troth.clock.now() + FETCHED_FOR)
        base = troth.settings.web.public_url.rstrip("/")
        link = f"{base}/my/copies/{row.case}/{copy_mark(troth, row.case, until)}"
        return {"number": row.number, "link": link, "until": told_in(words_for(troth, row), until)}

    def proof(person: str, handles: Mapping[str, str]) -> Mapping[str, str]:
        del handles
        return {"link": links.link("account/link", person, SIGN_IN)}

    return [
        Template(
            READY,
            purpose,
            variables=("number", "link", "until"),
            fresh=ready,
            language=language_of_matter(troth),
        ),
        Template(PROOF, purpose, variables=("link",), fresh=proof),
    ]
