"""API keys: who acts, in which role, for which purposes and on which kinds of case.

A key is `troth_<id>_<secret>`. Only a SHA-256 digest of the secret is stored: it has 256 random bits, so that a slow
password hash would add nothing (OWASP, Password Storage Cheat Sheet, applies to secrets that people choose).
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, insert, select, update

from troth.gate.sessions import PREFIX as SESSION_PREFIX
from troth.gate.sessions import ROLE as PERSON_ROLE
from troth.gate.sessions import session_people
from troth.gate.tables import api_key
from troth.kernel import InvalidInput, NotFound, Unauthenticated, is_id, micros, new_id
from troth.storage import Lookup, Statement, Transaction

_PREFIX = "troth"
_SECRET_BYTES = 32
_COLUMNS = ("digest", "name", "role", "purposes", "cases", "expires_at", "revoked_at", "holder")
_READ = Lookup(api_key, by=("key_id",), take=_COLUMNS)
_ADD = Statement(insert(api_key))
_REVOKE = Statement(
    update(api_key)
    .where(api_key.c.key_id == bindparam("key"), api_key.c.revoked_at == 0)
    .values(revoked_at=bindparam("at"))
)
_EXTEND = Statement(
    update(api_key)
    .where(api_key.c.key_id == bindparam("key"), api_key.c.revoked_at == 0)
    .values(expires_at=bindparam("until"))
)
_REVOKE_ALL = Statement(
    update(api_key)
    .where(api_key.c.holder == bindparam("who"), api_key.c.revoked_at == 0)
    .values(revoked_at=bindparam("at"))
)
_LIST = Statement(
    select(
        api_key.c.key_id,
        api_key.c.name,
        api_key.c.role,
        api_key.c.purposes,
        api_key.c.cases,
        api_key.c.created_at,
        api_key.c.expires_at,
        api_key.c.revoked_at,
        api_key.c.holder,
    ).order_by(api_key.c.key_id)
)


class Actor(NamedTuple):
    """Who acts, as made out from a key.

    `person` is the handle of whoever is signed in, empty for staff and services; `fresh` tells that this was just now.
    `holder` is the id of the member of staff whose session has the key, empty for other keys.
    """

    key_id: str
    name: str
    role: str
    purposes: tuple[str, ...]
    cases: tuple[str, ...]
    person: str = ""
    fresh: bool = False
    holder: str = ""

    @property
    def who(self) -> str:
        """Who it is across sessions: the member of staff, else the key."""
        return self.holder or self.key_id

    def may_serve(self, purpose: str) -> bool:
        """Whether the key was granted this purpose or one above it."""
        return any(granted == "*" or covers(granted, purpose) for granted in self.purposes)

    def may_cite(self, case_type: str) -> bool:
        """Whether the key was granted cases of this kind."""
        return "*" in self.cases or case_type in self.cases


class KeyRecord(NamedTuple):
    """A key as listed: everything but its secret. Instants in microseconds, 0 for never."""

    key_id: str
    name: str
    role: str
    purposes: tuple[str, ...]
    cases: tuple[str, ...]
    created_at: int
    expires_at: int
    revoked_at: int
    holder: str = ""


def covers(general: str, particular: str) -> bool:
    """Whether a dotted key is another or lies above it."""
    return particular == general or particular.startswith(general + ".")


def split_key(key: str) -> tuple[str, bytes]:
    """Id and digest of a key.

    Raises:
        Unauthenticated: The text does not have the shape of a key.
    """
    parts = key.split("_", 2)
    if len(parts) != 3 or parts[0] != _PREFIX or not (is_id(parts[1]) and parts[2].isascii()):  # noqa: PLR2004  prefix, id, secret
        raise Unauthenticated(
            "The API key has the wrong shape.", mend="Send it as `Authorization: Bearer troth_...`."
        )
    return parts[1], hashlib.sha256(parts[2].encode()).digest()


def new_key() -> tuple[str, str, bytes]:
    """A fresh key: its full text, its id and its digest."""
    key_id, secret = new_id(), secrets.token_urlsafe(_SECRET_BYTES)
    return f"{_PREFIX}_{key_id}_{secret}", key_id, hashlib.sha256(secret.encode()).digest()


def issue_key(
    tx: Transaction,
    *,
    name: str,
    role: str,
    purposes: Sequence[str],
    cases: Sequence[str],
    now: datetime,
    expires: datetime | None = None,
    holder: str = "",
) -> tuple[str, str]:
    """Make a key and store its digest.

    Args:
        tx: Unit of work.
        name: For people to recognise it by; not secret.
        role: Role key of the policy.
        purposes: Data uses that it may serve, with everything below them.
        cases: Kinds of case that it may cite.
        now: Instant of issue.
        expires: Last instant at which it works; None for no end.
        holder: Id of the member of staff whose session it is; empty for any other key.

    Returns:
        The key, shown this once, and its id.

    Raises:
        InvalidInput: No name, role or purpose was given.
    """
    _check_given(name=name, role=role, purposes=purposes)
    key, key_id, digest = new_key()
    ends = micros(expires) if expires else 0
    row = (key_id, digest, name, role, _text(purposes), _text(cases), micros(now), ends, 0, holder)
    tx.run(_ADD, row)
    return key, key_id


def _check_given(**needed: Sequence[str]) -> None:
    for field, given in needed.items():
        if not given:
            raise InvalidInput(f"An API key needs {field}.", field=field, mend=f"Give --{field.rstrip('s')}.")


def revoke_key(tx: Transaction, key_id: str, now: datetime) -> None:
    """End a key; the next act with it is refused.

    Raises:
        NotFound: No live key has this id.
    """
    if not tx.run(_REVOKE, {"key": key_id, "at": micros(now)}):
        raise NotFound("No live API key has this id.", field="key_id", mend="See `troth access list`.")


def extend_key(tx: Transaction, key_id: str, until: int) -> bool:
    """Let a live key work until an instant (microseconds); False when it was revoked or is not known."""
    return tx.run(_EXTEND, {"key": key_id, "until": until}) == 1


def revoke_held(tx: Transaction, holder: str, now: datetime) -> int:
    """End every key of a member of staff; gives their number."""
    return tx.run(_REVOKE_ALL, {"who": holder, "at": micros(now)})


def key_records(tx: Transaction) -> list[KeyRecord]:
    """Every key ever issued, oldest first."""
    return [
        KeyRecord(i, n, r, _list(p), _list(c), at, ends, gone, holder)
        for i, n, r, p, c, at, ends, gone, holder in tx.rows(_LIST)
    ]


def actors(tx: Transaction, keys: Iterable[str], now: int) -> dict[str, Actor | Unauthenticated]:
    """Who stands behind each key at an instant (microseconds); a key that does not work maps to its error."""
    digests: dict[str, tuple[str, bytes]] = {}
    found: dict[str, Actor | Unauthenticated] = {}
    signed_in = []
    for key in keys:
        if key.startswith(SESSION_PREFIX):
            signed_in.append(key)
            continue
        try:
            digests[key] = split_key(key)
        except Unauthenticated as error:
            found[key] = error
    rows = tx.lookup(_READ, [(key_id,) for key_id, _ in digests.values()])
    for key, (key_id, digest) in digests.items():
        row = rows.get((key_id,))
        if row is None or not hmac.compare_digest(bytes(row[0]), digest):
            found[key] = Unauthenticated(
                "The API key is not known.", mend="Issue one with `troth access issue`."
            )
        elif row[6] or (row[5] and row[5] < now):
            found[key] = Unauthenticated("The API key was revoked or has expired.", mend="Issue a new one.")
        else:
            found[key] = Actor(key_id, row[1], row[2], _list(row[3]), _list(row[4]), holder=row[7])
    if signed_in:
        found.update(_people(tx, signed_in, now))
    return found


def actor_of(tx: Transaction, key: str, now: int) -> Actor:
    """Who stands behind a key at an instant (microseconds).

    Raises:
        Unauthenticated: The key is unknown, revoked or expired.
    """
    found = actors(tx, (key,), now)[key]
    if isinstance(found, Unauthenticated):
        raise found
    return found


def _people(tx: Transaction, keys: Sequence[str], now: int) -> dict[str, Actor | Unauthenticated]:
    sessions = session_people(tx, keys, now)
    found: dict[str, Actor | Unauthenticated] = {}
    for key in keys:
        if key in sessions:
            session, person, fresh = sessions[key]
            found[key] = Actor(session, "", PERSON_ROLE, ("*",), (), person, fresh)
        else:
            found[key] = Unauthenticated("The session is over.", mend="Sign in again.")
    return found


def _text(items: Sequence[str]) -> str:
    return msgspec.json.encode(list(items)).decode()


@lru_cache(maxsize=1_024)
def _list(text: str) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])
