"""Switching telemetry on and off, and fetching tokens: acts that the policy decides and the ledger records."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from troth.gate import Arrival, Gate
from troth.ingress import tokens
from troth.ingress.errors import NotOptedIn, ReleaseTooOld, TokenClosed, TokenIssued
from troth.ingress.model import CHANNEL
from troth.ingress.reading import is_release, supported
from troth.ingress.receipts import (
    OPTED_IN,
    OPTED_OUT,
    REVOKED,
    Blind,
    Installation,
    add_installation,
    end_installation,
    installation_by_handle,
    installation_counts,
    installations,
    new_handle,
    new_receipt,
    read_token,
    token_digest,
)
from troth.ingress.tokens import CLOSED, TokenKeys
from troth.kernel import Clock, InvalidInput, NotFound, TrothError, Unavailable, micros
from troth.policy import Policy, TelemetrySchema, telemetry_schema
from troth.storage import Database, Transaction

CLAUSE = "II.6"
OPT_IN, OPT_OUT, REVOKE, TOKEN = "opt-in", "opt-out", "revoke", "token"
FACT_OPTED_IN, FACT_SUPPORTED, FACT_VALID = "installation.opted-in", "installation.supported", "report.valid"


class Taking(NamedTuple):
    """What a version of the policy says of telemetry: itself, the schema, the purpose and the data categories."""

    policy: Policy
    schema: TelemetrySchema
    purpose: str
    data: tuple[str, ...]

    def arrival(self, act: str, facts: Sequence[str], order: str = "", about: str = "") -> Arrival:
        """An act at the telemetry point."""
        return Arrival(
            act,
            self.purpose,
            (),
            point=self.schema.point,
            channel=CHANNEL,
            data=self.data,
            facts=tuple(facts),
            order=order,
            about=about,
        )


def taking(policy: Policy) -> Taking:
    """What a version says of telemetry.

    Raises:
        NotFound: It declares no point that takes telemetry.
    """
    schema = telemetry_schema(policy)
    if schema is None:
        raise NotFound(
            "The policy declares no telemetry.", mend="Declare a point with `telemetry: true` and metrics."
        )
    data = tuple(sorted({one.category for one in schema.metrics.values()}))
    return Taking(policy, schema, policy.points[schema.point].purposes[0], data)


class OptedIn(NamedTuple):
    """A new receipt, shown this once, the installation's random handle, and the ledger entry."""

    receipt: str
    installation: str
    entry: str


class Switching:
    """Receipts and tokens.

    Args:
        database: Holds who opted in.
        gate: Decides and records.
        clock: Tells the day.
        keys: The signing keys.
        blind: Keyed digests.
    """

    def __init__(self, database: Database, gate: Gate, clock: Clock, keys: TokenKeys, blind: Blind) -> None:
        self._database, self._gate, self._clock = database, gate, clock
        self._keys, self._blind = keys, blind

    def opt_in(self, product: str, release: str) -> OptedIn:
        """Opt an installation in.

        Raises:
            InvalidInput: The product does not report, or the release is none.
            ReleaseTooOld: This version may not report.
            NotFound: The policy declares no telemetry.
        """
        known = taking(self._gate.policy())
        if product not in known.schema.products:
            raise InvalidInput(
                "This product does not report; nothing was stored.", clause=CLAUSE, field="product",
                mend="Send a product of /telemetry/schema.json.",
            )  # fmt: skip
        _check_release(release)
        facts = (FACT_SUPPORTED,) if supported(known.schema, product, release) else ()
        receipt, digest = new_receipt(self._blind)
        new = Installation(new_handle(), product, release, OPTED_IN)
        with self._database.transaction() as tx:
            entry, refusal = self._decide(tx, known, known.arrival("instruct", facts, OPT_IN, new.handle))
            if refusal is None:
                add_installation(tx, digest, new, self._clock.now().date().isoformat())
                return OptedIn(receipt, new.handle, entry)
        if facts:
            raise refusal
        raise ReleaseTooOld(refusal.what, clause=refusal.clause, field="release", mend="Update the product.")

    def opt_out(self, receipt: bytes, token: str | None) -> None:
        """Opt an installation out; may be called again, and tells nobody whether the receipt was known.

        Args:
            receipt: Digest of the receipt.
            token: This week's token, which is then noted as spent; where one was issued and does not come back, its key closes.

        Raises:
            Refused: The policy does not let it be.
        """
        known = taking(self._gate.policy())
        with self._database.transaction() as tx:
            found = installations(tx, [receipt]).get(receipt)
            if found is None or found.state != OPTED_IN:
                return
            arrival = known.arrival("erase", (FACT_OPTED_IN,), OPT_OUT, found.handle)
            _, refusal = self._decide(tx, known, arrival)
            closed = [] if refusal else self._end(tx, receipt, OPTED_OUT, token)
        if refusal is not None:
            raise refusal
        self._keys.forget(closed)

    def revoke(self, handle: str) -> bool:
        """Revoke the receipt of an installation, in the operator's name; false where it was over already.

        Raises:
            NotFound: No installation has this handle.
            Refused: The policy does not let it be.
        """
        known = taking(self._gate.policy())
        with self._database.transaction() as tx:
            found = installation_by_handle(tx, handle)
            if found is None:
                raise NotFound(
                    "No installation has this handle.", field="installation",
                    mend="It was shown with the receipt, and stands in the ledger.",
                )  # fmt: skip
            receipt, state = found
            if state != OPTED_IN:
                return False
            _, refusal = self._decide(tx, known, known.arrival("erase", (FACT_OPTED_IN,), REVOKE, handle))
            closed = [] if refusal else self._end(tx, receipt, REVOKED, None)
        if refusal is not None:
            raise refusal
        self._keys.forget(closed)
        return True

    def counts(self) -> list[tuple[str, str, int]]:
        """How many installations there are by product and state; nobody is listed."""
        with self._database.snapshot() as tx:
            return installation_counts(tx)

    def token(self, receipt: bytes, key_id: str, blinded: bytes, release: str) -> bytes:
        """The blind signature for this week's token.

        The same blinded message gives the same signature; another one in the same week is refused.

        Args:
            receipt: Digest of the receipt.
            key_id: The key that the sender blinded for.
            blinded: The blinded message.
            release: The version that will report.

        Raises:
            NotOptedIn: The receipt is not one of an installation that is opted in.
            ReleaseTooOld: This version may not report.
            TokenClosed: The key does not sign now.
            TokenIssued: Another message was signed for this receipt already.
            InvalidInput: What is to be signed is no blinded message.
        """
        known = taking(self._gate.policy())
        _check_release(release)
        key = self._keys.current()
        if key.key_id != key_id:
            raise TokenClosed(
                "This key does not sign now; nothing was done.", clause=CLAUSE, field="key",
                mend="Take this week's key from /telemetry/keys.",
            )  # fmt: skip
        signature = self._keys.sign(key, blinded)
        if signature is None:
            raise InvalidInput(
                "This is no blinded message for this key.", field="blinded", mend="Blind it as RFC 9474 says."
            )
        with self._database.transaction() as tx:
            refusal = self._issue(tx, known, receipt, key_id, blinded, release)
        if refusal is not None:
            raise refusal
        return signature

    def _issue(
        self, tx: Transaction, known: Taking, receipt: bytes, key_id: str, blinded: bytes, release: str
    ) -> TrothError | None:
        found = installations(tx, [receipt]).get(receipt)
        state = tokens.key_states(tx, [key_id]).get(key_id)
        if state is None or state.state == CLOSED:
            return TokenClosed(
                "This key was closed a moment ago.", clause=CLAUSE, field="key", mend="Take the next one."
            )
        if found is None or found.state != OPTED_IN:
            return NotOptedIn("No installation that opted in is shown.", clause=CLAUSE, mend="Opt in first.")
        digest = hashlib.sha256(blinded).digest()
        if tokens.issued(tx, receipt, key_id) not in {None, digest}:
            return TokenIssued(
                "This installation has a token for this week already.", clause=CLAUSE, field="blinded",
                mend="Send the same blinded message again, or wait for next week.",
            )  # fmt: skip
        facts = (
            (FACT_OPTED_IN, FACT_SUPPORTED)
            if supported(known.schema, found.product, release)
            else (FACT_OPTED_IN,)
        )
        # Without the handle: the ledger must not tell when which installation fetched its token.
        _, refusal = self._decide(tx, known, known.arrival("instruct", facts, TOKEN))
        if refusal is None:
            tokens.note_issued(tx, receipt, key_id, digest)
            return None
        return ReleaseTooOld(refusal.what, clause=refusal.clause, field="release", mend="Update the product.")

    def _end(self, tx: Transaction, receipt: bytes, state: str, token: str | None) -> list[str]:
        """End a receipt at once, with what was issued for it; gives the keys that are closed therefore."""
        weeks = self._keys.weeks()
        states = tokens.key_states(tx, tokens.issued_to(tx, receipt))
        open_keys = {key for key, one in states.items() if one.state != CLOSED and one.week in weeks}
        proof = read_token(token) if token else None
        if (
            proof is not None
            and proof.key in open_keys
            and self._keys.signed(states[proof.key].public, proof.message, proof.signature)
        ):
            tokens.note_spent(tx, [(proof.key, token_digest(proof.message))])
            open_keys.discard(proof.key)
        tokens.close(tx, open_keys)
        end_installation(tx, receipt, state)
        return sorted(open_keys)

    def _decide(self, tx: Transaction, known: Taking, arrival: Arrival) -> tuple[str, TrothError | None]:
        """Decide and record; gives the entry, and why it may not be."""
        admitted = self._gate.admit(tx, known.policy, {arrival: 1}, micros(self._clock.now()))
        if admitted is None:
            raise Unavailable("The policy is being changed at this moment.", mend="Send it again.")
        found = admitted[arrival]
        if found.error is not None or found.permitted:
            return found.entry, found.error
        return found.entry, NotOptedIn(
            "The policy does not permit it; nothing was done.", clause=next(iter(found.clauses), CLAUSE),
            mend="See /telemetry for who may report.",
        )  # fmt: skip


def _check_release(release: str) -> None:
    if not is_release(release):
        raise InvalidInput(
            "This is no version.", clause=CLAUSE, field="release", mend="Write it as 5.2 or 5.2.1."
        )
