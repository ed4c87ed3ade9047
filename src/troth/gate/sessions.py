"""Sessions: people who are signed in act under a key of their own, which carries whom it stands for.

A session key is `person_<id>_<secret>`; only a digest of the secret is stored. Whoever acts by one has the role `person`
and acts on nobody else's data, whatever a rule permits to that role.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select

from troth.gate.tables import person_session
from troth.kernel import is_id, new_id
from troth.storage import Lookup, Statement, Transaction

PREFIX = "person_"
ROLE = "person"
SPAN = timedelta(days=1)
JUST = timedelta(minutes=15)
"""So long after signing in nothing more is asked before a copy is handed out or everything is erased."""
_SECRET_BYTES = 32
_MICROSECOND = timedelta(microseconds=1)
_ADD = Statement(insert(person_session))
_READ = Lookup(person_session, by=("session_id",), take=("digest", "person", "expires_at", "opened_at"))
_OPENED = Lookup(person_session, by=("session_id",), take=("opened_at",))
_CLOSE = Statement(
    delete(person_session).where(
        person_session.c.session_id == bindparam("which"), person_session.c.person == bindparam("who")
    )
)
_CLOSE_OTHERS = Statement(
    delete(person_session).where(
        person_session.c.person == bindparam("who"), person_session.c.session_id != bindparam("own")
    )
)
_LIST = Statement(
    select(
        person_session.c.session_id,
        person_session.c.device,
        person_session.c.opened_at,
        person_session.c.expires_at,
    )
    .where(person_session.c.person == bindparam("who"), person_session.c.expires_at > bindparam("now"))
    .order_by(person_session.c.opened_at.desc(), person_session.c.session_id)
)
_CLOSE_ALL = Statement(delete(person_session).where(person_session.c.person == bindparam("who")))
_CLEAR = Statement(delete(person_session).where(person_session.c.expires_at <= bindparam("now")))


class Session(NamedTuple):
    """A session as its person sees it: id, coarse name of the device, and instants in microseconds."""

    session: str
    device: str
    opened_at: int
    expires_at: int


def open_session(tx: Transaction, person: str, now: int, device: str = "") -> str:
    """Open a session for a person; gives its key, shown this once."""
    session, secret = new_id(), secrets.token_urlsafe(_SECRET_BYTES)
    digest = hashlib.sha256(secret.encode()).digest()
    tx.run(_ADD, (session, digest, person, now, now + SPAN // _MICROSECOND, device))
    return f"{PREFIX}{session}_{secret}"


def close_session(tx: Transaction, session: str, person: str) -> bool:
    """End a session of a person by its id; a later act in it is refused. Tells whether it was there."""
    return tx.run(_CLOSE, {"which": session, "who": person}) == 1


def close_other_sessions(tx: Transaction, key: str, person: str) -> int:
    """End every session of a person but that of a key; gives their number."""
    return tx.run(_CLOSE_OTHERS, {"own": session_of(key), "who": person})


def sessions_of(tx: Transaction, person: str, now: int) -> list[Session]:
    """The sessions of a person that are good at an instant (microseconds), newest first."""
    return [Session(*row) for row in tx.rows(_LIST, {"who": person, "now": now})]


def session_of(key: str) -> str:
    """The id of the session that a key opens; proves nothing about the key."""
    return _parts(key)[0]


def close_sessions(tx: Transaction, person: str) -> None:
    """End every session of a person."""
    tx.run(_CLOSE_ALL, {"who": person})


def clear_sessions(tx: Transaction, now: int) -> int:
    """Remove the sessions that are over at an instant (microseconds); gives their number."""
    return tx.run(_CLEAR, {"now": now})


def session_people(tx: Transaction, keys: Iterable[str], now: int) -> dict[str, tuple[str, str, bool]]:
    """Session and person of each session key that is good at an instant (microseconds), and whether it is fresh."""
    wanted = {key: _parts(key) for key in keys}
    rows = tx.lookup(_READ, [(session,) for session, _ in wanted.values() if is_id(session)])
    found = {}
    for key, (session, secret) in wanted.items():
        row = rows.get((session,))
        given = hashlib.sha256(secret.encode("utf-8", "replace")).digest()
        if row is not None and hmac.compare_digest(bytes(row[0]), given) and row[2] > now:
            found[key] = (session, row[1], now - row[3] <= JUST // _MICROSECOND)
    return found


def session_opened(tx: Transaction, key: str) -> int:
    """When the session of a key was opened (microseconds); 0 when there is none. Proves nothing about the key."""
    session, _ = _parts(key)
    row = tx.lookup(_OPENED, [(session,)]).get((session,)) if is_id(session) else None
    return int(row[0]) if row is not None else 0


def _parts(key: str) -> tuple[str, str]:
    session, _, secret = key.removeprefix(PREFIX).partition("_")
    return session, secret
