"""The end of an erasure: one certificate, signed, with the ledger's receipts; issued again when what stayed is erased later."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Literal, cast

from troth.flows.answering import Work
from troth.gate import note_matter
from troth.kernel import Clock, Conflict, from_micros, micros
from troth.ledger import Signer, entry, journal, prove_all
from troth.policy import Policy
from troth.rights import (
    FORMAT,
    Backup,
    Certificate,
    DrillTold,
    Issued,
    Item,
    Line,
    Proof,
    Rights,
    certificate_of,
    digest_of,
    keep_certificate,
    receipts_of,
    sign_certificate,
)
from troth.storage import Database, Transaction

CLAUSE = "III.2"
CERTIFIED = "certified"
_ENDED = "erased"
_MOST_ENTRIES = 50
Remains = Callable[[], tuple[Sequence[Backup], DrillTold | None]]


class Certifying:
    """Issues certificates.

    Args:
        database: The data database.
        clock: Dates them.
        policy: Gives the version in force.
        rights: Requests and their steps.
        signer: Signs for the ledger.
        flush: Integrates the ledger's staged entries, so that they can be proven.
        remains: Gives the backups in which sealed remains lie, and the last drill.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        policy: Callable[[], Policy],
        rights: Rights,
        signer: Signer,
        flush: Callable[[], None],
        remains: Remains,
    ) -> None:
        self._database = database
        self._clock = clock
        self._policy = policy
        self._rights = rights
        self._signer = signer
        self._flush = flush
        self._remains = remains

    def __call__(self, work: Work, items: Sequence[Item]) -> None:
        """Issue the certificate of an erasure; one that tells the same is left as it is.

        Raises:
            Conflict: Somebody else has issued it meanwhile; called again, it is found.
        """
        covers = _covers(items)
        with self._database.reading() as tx:
            earlier = certificate_of(tx, work.case)
        if earlier is not None and earlier.covers == covers:
            return
        self._flush()
        now = micros(self._clock.now())
        document = self._document(work, items, earlier, now)
        digest = digest_of(document)
        body = sign_certificate(document, self._signer)
        issued = Issued(work.case, work.number, document.edition, covers, digest, now, body)
        with self._database.transaction() as tx:
            if certificate_of(tx, work.case) != earlier:
                raise Conflict("The certificate was issued meanwhile.", field="case", mend="Look again.")
            keep_certificate(tx, issued)
            more = {"sha256": digest, "edition": str(document.edition)}
            note_matter(tx, self._policy(), case=work.case, what=CERTIFIED, clause=CLAUSE, now=now, more=more)

    def _document(self, work: Work, items: Sequence[Item], earlier: Issued | None, now: int) -> Certificate:
        policy = self._policy()
        row = self._rights.row(work.case)
        backups, drill = self._remains()
        with self._database.snapshot() as tx:
            proofs = _proofs(tx, work)
        return Certificate(
            format=FORMAT,
            number=work.number,
            edition=earlier.edition + 1 if earlier is not None else 1,
            replaces=earlier.digest if earlier is not None else "",
            company=policy.front.controller.name,
            policy=policy.sha256,
            clause=CLAUSE,
            person=work.person,
            received=_text(row.received_at),
            issued=_text(now),
            complete=not any(item.left_over for item in items),
            lines=tuple(_line(item) for item in items),
            backups=tuple(backups),
            drill=drill,
            proofs=proofs,
        )


def _covers(items: Sequence[Item]) -> str:
    """What tells one edition from another: each item with how it went."""
    told = "\n".join(f"{item.place} {item.store} {item.action} {item.state} {item.until}" for item in items)
    return sha256(told.encode()).hexdigest()


def _line(item: Item) -> Line:
    return Line(
        store=item.store,
        what=item.what,
        action=item.action,
        state=cast("Literal['done', 'kept', 'failed']", item.state),
        reason=item.reason,
        until=_text(item.until),
        at=_text(item.done_at),
        note=item.note,
    )


def _proofs(tx: Transaction, work: Work) -> tuple[Proof, ...]:
    """Receipts of the acts that erased for the case, and of the end of the person's erasure."""
    found = {one: entry(tx, one) for one in receipts_of(tx, work.case)}
    for one in journal(tx, work.person, limit=_MOST_ENTRIES, newest=True) if work.person else ():
        if one.entry.act == _ENDED:
            found[one.entry_id] = one
    proven = [one for _, one in sorted(found.items())]
    return tuple(
        Proof(entry=one.entry_id, act=one.entry.act, receipt=receipt.to_text())
        for one, receipt in zip(proven, prove_all(tx, proven), strict=True)
    )


def _text(at: int) -> str:
    return from_micros(at).isoformat(timespec="seconds") if at else ""
