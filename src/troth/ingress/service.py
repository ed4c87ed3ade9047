"""Taking reports in: read, proven to come from an opted-in installation, decided, recorded and kept, many in one unit of work.

What is kept of a report holds nothing of what was shown with it: neither receipt nor token, no address and no instant.
"""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from troth.gate import Admission, Arrival, Gate, version_text, versions
from troth.ingress import tokens
from troth.ingress.errors import NotOptedIn, ReleaseTooOld, TokenClosed, TokenSpent
from troth.ingress.gathering import Sealing, Weeks
from troth.ingress.inbox import Line, stored
from troth.ingress.model import Proof, Report, Upload
from troth.ingress.reading import read_report, supported
from troth.ingress.receipts import (
    OPTED_IN,
    RECEIPT_SCHEME,
    Blind,
    Installation,
    installations,
    read_proof,
    token_digest,
    week_mark,
)
from troth.ingress.switching import CLAUSE, FACT_OPTED_IN, FACT_SUPPORTED, FACT_VALID, Taking, taking
from troth.ingress.tables import REPORTS
from troth.ingress.tokens import OPEN, KeyState, TokenKeys
from troth.kernel import Clock, TrothError, Unavailable, micros
from troth.policy import Policy, TelemetrySchema, kept_policy, telemetry_schema
from troth.storage import Database, Transaction

EARLIER = timedelta(days=30)
"""How long the schema of a version is taken after another came in force."""
_TRIES = 5
_MOST_KEYS = 64
_ID_BYTES = 16


class _PolicyChanged(Exception):
    """Another version came in force between reading and deciding; the batch starts over."""


class Prepared(NamedTuple):
    """A report that was read, with what was shown: the token's digest (empty for none), and whether it was signed.

    `receipt` is the receipt's text, only where a part of a report is sealed under it.
    """

    report: Report | None
    proof: Proof
    token: bytes = b""
    signed: bool = False
    receipt: str = ""


class _Found(NamedTuple):
    """What a unit of work knows of what was shown."""

    keys: dict[str, KeyState]
    spent: set[tuple[str, bytes]]
    installations: dict[bytes, Installation]
    weeks: tuple[str, str]


class Door:
    """Takes reports in; works for one thread at a time.

    Args:
        database: Holds the inbox.
        gate: Decides and records.
        clock: Tells the day.
        keys: The signing keys.
        blind: Keyed digests.
        sealing: How weeks that are not over are sealed.
    """

    def __init__(
        self, database: Database, gate: Gate, clock: Clock, keys: TokenKeys, blind: Blind, sealing: Sealing
    ) -> None:
        self._database, self._gate, self._clock = database, gate, clock
        self._keys, self._blind, self._sealing = keys, blind, sealing
        self._known: Taking | None = None
        self._earlier: tuple[TelemetrySchema, ...] = ()
        self._public: dict[str, bytes] = {}

    def perform(self, uploads: Sequence[Upload], *, wait: bool = True) -> list[str | TrothError]:
        """Take reports in, in one unit of work.

        Args:
            uploads: What came in.
            wait: Whether to wait for whoever writes to the database at this moment.

        Returns:
            For each, in order, the ledger entry that permitted it, or why it was not taken; empty where there was nothing to keep.

        Raises:
            Busy: Somebody else is writing, and `wait` is false; nothing was kept.
            NotFound: The policy declares no telemetry.
            Unavailable: A store takes no work; nothing was kept.
        """
        known = self._known or self._renewed()
        for _ in range(_TRIES):
            prepared = [self._prepare(known, one) for one in uploads]
            try:
                with self._database.transaction() if wait else self._database.at_once() as tx:
                    return self._commit(tx, known, prepared)
            except _PolicyChanged:
                known = self._renewed()
        raise Unavailable("The policy is being changed at this moment.", mend="Send it again.")

    def forget(self) -> None:
        """Look anew which schemas are taken, which changes with the days."""
        self._known = None

    @property
    def taken(self) -> tuple[TelemetrySchema, ...]:
        """The schema in force, and those that are taken beside it."""
        known = self._known or self._renewed()
        return (known.schema, *self._earlier)

    def _renewed(self) -> Taking:
        self._known = taking(self._gate.policy())
        with self._database.snapshot() as tx:
            self._earlier = earlier_schemas(tx, self._known.policy, self._clock.now())
        return self._known

    def _prepare(self, known: Taking, upload: Upload) -> Prepared | TrothError:
        proof = read_proof(self._blind, upload.shown)
        try:
            report = self._read(known, upload)
        except TrothError as error:
            return error
        if report is not None and report.portion is not None:  # a token is spent with one whole report
            return Prepared(report, Proof(proof.receipt), receipt=upload.shown.removeprefix(RECEIPT_SCHEME))
        if report is None or not proof.key:
            return _by_receipt(report, proof)
        public = self._public.get(proof.key) or self._learnt(proof.key)
        signed = bool(public) and self._keys.signed(public, proof.message, proof.signature)
        return Prepared(report, proof, token_digest(proof.message), signed)

    def _read(self, known: Taking, upload: Upload) -> Report | None:
        day = self._clock.now().date().isoformat()
        if upload.read is not None:
            return upload.read(upload.body, known.schema, day)
        return read_report(upload.body, known.schema, day, self._earlier)

    def _learnt(self, key_id: str) -> bytes:
        """The public key with an id; empty where there is none."""
        with self._database.snapshot() as tx:
            state = tokens.key_states(tx, [key_id]).get(key_id)
        if state is None:
            return b""
        if len(self._public) >= _MOST_KEYS:
            self._public.clear()
        self._public[key_id] = state.public
        return state.public

    def _commit(
        self, tx: Transaction, known: Taking, prepared: Sequence[Prepared | TrothError]
    ) -> list[str | TrothError]:
        now = self._clock.now()
        found = self._found(tx, prepared)
        weighed = _weighed(known, prepared, found)
        counts: dict[Arrival, int] = {}
        for one in weighed:
            if one is not None:
                counts[one[0]] = counts.get(one[0], 0) + 1
        admitted = self._gate.admit(tx, known.policy, counts, micros(now))
        if admitted is None:
            raise _PolicyChanged
        shown = {
            one.proof.receipt: one.receipt for one in prepared if isinstance(one, Prepared) and one.receipt
        }
        weeks = Weeks(tx, self._sealing, known.schema, now, shown)
        batch = _Batch(admitted, found.installations, weeks)
        results = [
            batch.take(one, judged) if isinstance(one, Prepared) else one
            for one, judged in zip(prepared, weighed, strict=True)
        ]
        if batch.lines:
            midnight = micros(datetime(now.year, now.month, now.day, tzinfo=UTC))
            REPORTS.add(tx, stored(secrets.token_hex(_ID_BYTES), midnight, list(batch.places), batch.lines))
        if batch.spent:
            tokens.note_spent(tx, batch.spent)
        weeks.keep()
        return results

    def _found(self, tx: Transaction, prepared: Sequence[Prepared | TrothError]) -> _Found:
        shown = [one for one in prepared if isinstance(one, Prepared)]
        marks = [(one.proof.key, one.token) for one in shown if one.token]
        signed = [(one.proof.key, one.token) for one in shown if one.signed]
        receipts = [one.proof.receipt for one in shown if one.proof.receipt]
        return _Found(
            tokens.key_states(tx, {key for key, _ in signed}) if signed else {},
            tokens.spent(tx, marks) if marks else set(),
            installations(tx, receipts) if receipts else {},
            self._keys.weeks(),
        )


def _weighed(
    known: Taking, prepared: Sequence[Prepared | TrothError], found: _Found
) -> list[tuple[Arrival, TrothError | None] | None]:
    """For each report, the act that it is, and why it may be refused; None where there is nothing to decide."""
    arrivals: dict[tuple[str, ...], Arrival] = {}
    weighed: list[tuple[Arrival, TrothError | None] | None] = []
    for one in prepared:
        if not isinstance(one, Prepared) or one.report is None:
            weighed.append(None)
            continue
        reason = _doubt(one, found)
        facts = [FACT_VALID]
        if reason is None:
            facts.append(FACT_OPTED_IN)
        if supported(known.schema, one.report.product, one.report.release):
            facts.append(FACT_SUPPORTED)
        elif reason is None:
            reason = ReleaseTooOld(
                "This version may not report; nothing was stored.", clause=CLAUSE, field="release", mend="Update the product."
            )  # fmt: skip
        if reason is None and one.token:
            found.spent.add((one.proof.key, one.token))  # the same token twice in one batch
        key = tuple(facts)
        weighed.append((arrivals.setdefault(key, known.arrival("collect", key)), reason))
    return weighed


class _Batch:
    """Collects what is kept of a batch."""

    def __init__(
        self, admitted: dict[Arrival, Admission], holders: dict[bytes, Installation], weeks: Weeks
    ) -> None:
        self._admitted, self._holders, self._weeks = admitted, holders, weeks
        self.places: dict[str, int] = {}
        self.lines: list[Line] = []
        self.spent: list[tuple[str, bytes]] = []

    def take(self, one: Prepared, judged: tuple[Arrival, TrothError | None] | None) -> str | TrothError:
        """Keep a report that was permitted; gives the entry, or why it is not kept."""
        if judged is None or one.report is None:
            return ""
        arrival, reason = judged
        admission = self._admitted[arrival]
        if admission.error is not None:
            return admission.error
        if not admission.permitted:
            return reason or NotOptedIn(
                "The policy does not permit this report; nothing was stored.",
                clause=next(iter(admission.clauses), CLAUSE),
                mend="See /telemetry for who may report.",
            )
        report = one.report
        if report.portion is not None:
            if reason is not None:  # whatever the policy permits: there is no receipt to seal it under
                return reason
            receipt = one.proof.receipt
            over = self._weeks.add(receipt, report, report.portion, self._holders[receipt].day)
            if over is None:
                return admission.entry
            report = over
        place = self.places.setdefault(admission.entry, len(self.places))
        self.lines.append(
            (report.product, report.release, report.week, report.schema, report.source, report.numbers, report.words, place)
        )  # fmt: skip
        if one.token:
            self.spent.append((one.proof.key, one.token))
        return admission.entry


def _doubt(one: Prepared, found: _Found) -> TrothError | None:
    """Why what was shown proves nothing; None where it proves that the installation opted in."""
    refuse = partial(_refusal, "Opt in, and fetch a token of this week.")
    if one.signed:
        state = found.keys.get(one.proof.key)
        if state is None or state.state != OPEN or state.week not in found.weeks:
            return refuse(TokenClosed, "The key of this token is closed; nothing was stored.")
        return _repeat(one, found)
    holder = found.installations.get(one.proof.receipt)
    product = one.report.product if one.report else ""
    if holder is not None and holder.state == OPTED_IN and holder.product == product:
        return _repeat(one, found)
    return refuse(NotOptedIn, "No installation that opted in is shown; nothing was stored.")


def _repeat(one: Prepared, found: _Found) -> TrothError | None:
    if (one.proof.key, one.token) not in found.spent:
        return None
    return _refusal(
        "One report is taken for a token, or for a week.",
        TokenSpent,
        "This was shown before; nothing was stored.",
    )


def _by_receipt(report: Report | None, proof: Proof) -> Prepared:
    """A report with which the receipt itself is shown; it is noted as sent, by a digest, until its week is long over."""
    if report is None or not proof.receipt:
        return Prepared(report, proof)
    key, mark = week_mark(proof.receipt, report.week)
    return Prepared(report, proof._replace(key=key), mark)


def _refusal(mend: str, kind: type[TrothError], what: str) -> TrothError:
    return kind(what, clause=CLAUSE, field="Authorization", mend=mend)


def earlier_schemas(tx: Transaction, policy: Policy, now: datetime) -> tuple[TelemetrySchema, ...]:
    """The schemas of versions that were in force within the last 30 days, newest first, without the one in force."""
    posted = sorted((one for one in versions(tx) if one.posted_at), key=lambda one: -one.posted_at)
    since = micros(now - EARLIER)
    current = telemetry_schema(policy)
    found: dict[str, TelemetrySchema] = {}
    for after, one in pairwise(posted):
        if after.posted_at < since:  # it ended being in force longer ago
            break
        schema = telemetry_schema(kept_policy(version_text(tx, one.sha256)))
        if schema is not None and (current is None or schema.fingerprint != current.fingerprint):
            found.setdefault(schema.fingerprint, schema)
    return tuple(found.values())
