"""Tokens: a signing key for each week, blind signatures under it, and which tokens were spent.

A token is issued in the week of its key and taken until the end of the week after. The private key is destroyed when its week
is over or it is closed; what is noted of issued and spent tokens goes when it is taken no more.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

from sqlalchemy import bindparam, delete, select, update

from troth.ingress.model import week_of
from troth.ingress.tables import token_issued, token_key, token_secret, token_spent
from troth.kernel import Clock, Unavailable, micros, new_id
from troth.ledger import Entry, encode_entry, stage
from troth.storage import Database, Lookup, Statement, Transaction, Upsert

OPEN, CLOSED = "open", "closed"
_WEEK = timedelta(days=7)
_MARKS = timedelta(days=70)
"""How long it is noted that a report of a week was sent with a receipt: longer than any report is taken."""
_ID_CHARACTERS = 16
_k, _i, _s, _p = token_key.c, token_issued.c, token_spent.c, token_secret.c
_KEYS = Statement(select(_k.week, _k.number, _k.key_id, _k.public, _k.state).order_by(_k.week, _k.number))
_STATES = Lookup(token_key, by=("key_id",), take=("week", "state", "public"))
_ADD_KEY = Upsert(token_key, by=("week", "number"))
_CLOSE = Statement(update(token_key).where(_k.key_id == bindparam("which")).values(state=CLOSED))
_DROP_KEY = Statement(delete(token_key).where(_k.key_id == bindparam("which")))
_ISSUED = Lookup(token_issued, by=("receipt", "key_id"), take=("blinded",))
_ISSUED_TO = Lookup(token_issued, by=("receipt",), take=("key_id",))
_NOTE_ISSUED = Upsert(token_issued, by=("receipt", "key_id"))
_DROP_ISSUED = Statement(delete(token_issued).where(_i.key_id == bindparam("which")))
_SPENT = Lookup(token_spent, by=("key_id", "token"), take=("key_id",))
_NOTE_SPENT = Upsert(token_spent, by=("key_id", "token"))
_DROP_SPENT = Statement(delete(token_spent).where(_s.key_id == bindparam("which")))
# Weeks stand here for who shows a receipt instead of a token; ids of keys have other characters.
_DROP_MARKS = Statement(delete(token_spent).where(_s.key_id.like("____-W__"), _s.key_id < bindparam("week")))
_ADD_SECRET = Upsert(token_secret, by=("key_id",))
_SECRET = Lookup(token_secret, by=("key_id",), take=("sealed",))
_SECRETS = Statement(select(_p.key_id))
_DROP_SECRET = Statement(delete(token_secret).where(_p.key_id == bindparam("which")))

SECRETS_TABLE = token_secret.name
"""The key store's table of signing keys; a copy of the key store must not hold any, so that nothing is signed or spent twice."""


class SigningKey(NamedTuple):
    """A signing key as everybody may know it: week, number within it, id, public key (DER), state."""

    week: str
    number: int
    key_id: str
    public: bytes
    state: str


class Signer(Protocol):
    """A private key that signs what it cannot see."""

    def sign(self, blinded: bytes) -> bytes | None:
        """The signature of a blinded message; None where it is no such message."""


class Craft(NamedTuple):
    """What signing is done with.

    Args:
        make: Makes a private key and its public one.
        opened: A private key, ready to sign.
        signed: Whether a signature stands under a message, by public key.
        seal: Seals a private key for the key store, by id and key.
        unseal: Opens what was sealed.
    """

    make: Callable[[], tuple[bytes, bytes]]
    opened: Callable[[bytes], Signer]
    signed: Callable[[bytes, bytes, bytes], bool]
    seal: Callable[[str, bytes], bytes]
    unseal: Callable[[str, bytes], bytes]


class TokenKeys:
    """The signing keys.

    Args:
        database: Holds the public keys, and what was issued and spent.
        keystore: Holds the private keys, sealed.
        clock: Tells the week.
        craft: What signing is done with.
    """

    def __init__(self, database: Database, keystore: Database, clock: Clock, craft: Craft) -> None:
        self._database, self._keystore, self._clock = database, keystore, clock
        self._craft = craft
        self._signers: dict[str, Signer] = {}
        self._guard = threading.Lock()

    def weeks(self) -> tuple[str, str]:
        """The week whose key signs, and the one before, whose tokens are still taken."""
        today = self._clock.now().date()
        return week_of(today), week_of(today - _WEEK)

    def listed(self) -> list[SigningKey]:
        """The keys whose tokens are taken, or were before they were closed; this week's is made when there is none.

        Raises:
            Unavailable: A store takes no work.
        """
        self.current()
        weeks = self.weeks()
        with self._database.snapshot() as tx:
            return [one for one in _keys(tx) if one.week in weeks]

    def current(self) -> SigningKey:
        """The key that signs now; made when there is none.

        Raises:
            Unavailable: A store takes no work.
        """
        with self._guard:
            for _ in range(3):
                week = self.weeks()[0]
                with self._database.snapshot() as tx:
                    found = [one for one in _keys(tx) if one.week == week]
                newest = found[-1] if found else None
                if newest is not None and newest.state == OPEN and self._signer(newest.key_id) is not None:
                    return newest
                self._make(week, newest)
        raise Unavailable("No signing key could be made.", mend="Try again in a moment.")

    def sign(self, key: SigningKey, blinded: bytes) -> bytes | None:
        """The signature of a blinded message by the key that signs now; None where it is no such message."""
        signer = self._signer(key.key_id)
        return signer.sign(blinded) if signer is not None else None

    def signed(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether a token was signed by a key."""
        return self._craft.signed(public, message, signature)

    def forget(self, key_ids: Iterable[str]) -> None:
        """Destroy private keys, also in the engine's side files."""
        some = list(key_ids)
        if not some:
            return
        for one in some:
            self._signers.pop(one, None)
        with self._keystore.transaction() as tx:
            tx.run_many(_DROP_SECRET, [(one,) for one in some])
        self._keystore.scrub()

    def tidy(self) -> None:
        """Destroy private keys that sign no more, and forget what was noted of tokens that are taken no more."""
        week, before = self.weeks()
        with self._database.transaction() as tx:
            keys = _keys(tx)
            over = [(one.key_id,) for one in keys if one.week not in {week, before}]
            for statement in (_DROP_ISSUED, _DROP_SPENT, _DROP_KEY):
                tx.run_many(statement, over)
            tx.run(_DROP_MARKS, {"week": week_of(self._clock.now().date() - _MARKS)})
        signing = {one.key_id for one in keys if one.week == week and one.state == OPEN}
        with self._keystore.snapshot() as tx:
            held = {str(row[0]) for row in tx.rows(_SECRETS)}
        self.forget(held - signing)

    def _signer(self, key_id: str) -> Signer | None:
        found = self._signers.get(key_id)
        if found is None:
            with self._keystore.snapshot() as tx:
                row = tx.lookup(_SECRET, [(key_id,)]).get((key_id,))
            if row is None:  # closed by another process, or the key store came from a copy, which holds none
                return None
            found = self._signers[key_id] = self._craft.opened(self._craft.unseal(key_id, bytes(row[0])))
        return found

    def _make(self, week: str, after: SigningKey | None) -> None:
        """Make the next key of a week; where another process is first, its key counts."""
        private, public = self._craft.make()
        key_id = hashlib.sha256(public).hexdigest()[:_ID_CHARACTERS]
        with self._keystore.transaction() as tx:
            sealed = self._craft.seal(key_id, private)
            tx.run(_ADD_SECRET, (key_id, sealed, micros(self._clock.now())))
        with self._database.transaction() as tx:
            if after is not None:
                close(tx, [after.key_id])
            tx.run(_ADD_KEY, (week, after.number + 1 if after else 1, key_id, public, OPEN))
            kept = key_id in {one.key_id for one in _keys(tx)}
            if kept:
                _record(tx, key_id, week, micros(self._clock.now()))
        if not kept:
            self.forget([key_id])


class KeyState(NamedTuple):
    """What is known of a key: its week, its state, and the public key (DER)."""

    week: str
    state: str
    public: bytes


def key_states(tx: Transaction, key_ids: Iterable[str]) -> dict[str, KeyState]:
    """Keys by id; unknown ones are absent."""
    rows = tx.lookup(_STATES, [(one,) for one in key_ids])
    return {key[0]: KeyState(str(row[0]), str(row[1]), bytes(row[2])) for key, row in rows.items()}


def close(tx: Transaction, key_ids: Iterable[str]) -> None:
    """Close keys: no token of theirs is taken any more."""
    for one in key_ids:
        tx.run(_CLOSE, {"which": one})


def issued(tx: Transaction, receipt: bytes, key_id: str) -> bytes | None:
    """Digest of the blinded message that was signed for a receipt by a key; None where none was."""
    row = tx.lookup(_ISSUED, [(receipt, key_id)]).get((receipt, key_id))
    return bytes(row[0]) if row else None


def issued_to(tx: Transaction, receipt: bytes) -> list[str]:
    """The keys that signed for a receipt."""
    return [str(row[0]) for row in tx.lookup_all(_ISSUED_TO, [(receipt,)]).get((receipt,), [])]


def note_issued(tx: Transaction, receipt: bytes, key_id: str, blinded: bytes) -> None:
    """Note that a key signed for a receipt, by the digest of the blinded message."""
    tx.run(_NOTE_ISSUED, (receipt, key_id, blinded))


def spent(tx: Transaction, tokens: Sequence[tuple[str, bytes]]) -> set[tuple[str, bytes]]:
    """Which of some tokens, by key and digest, were spent."""
    return {(key, bytes(token)) for key, token in tx.lookup(_SPENT, list(tokens))}


def note_spent(tx: Transaction, tokens: Iterable[tuple[str, bytes]]) -> None:
    """Note tokens as spent."""
    tx.run_many(_NOTE_SPENT, list(tokens))


def _record(tx: Transaction, key_id: str, week: str, now: int) -> None:
    """Put into the ledger which key signs, so that nobody can be given one of their own unseen; it is about nobody."""
    entry = new_id()
    told = {"key": key_id, "week": week}
    stage(
        tx,
        [(entry, "", encode_entry(Entry(id=entry, at=now, act="token-key", effect="permit", detail=told)))],
    )


def _keys(tx: Transaction) -> list[SigningKey]:
    return [
        SigningKey(str(week), int(number), str(key_id), bytes(public), str(state))
        for week, number, key_id, public, state in tx.rows(_KEYS)
    ]
