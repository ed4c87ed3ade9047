"""People of the console in the database: what is written and read of them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, insert, select, update

from troth.staff.model import Member, Passkey, Seat
from troth.staff.tables import staff_code, staff_member, staff_passkey, staff_session
from troth.storage import Lookup, Row, Statement, Transaction

_COLUMNS = tuple(column.name for column in staff_member.columns)
_TAKEN = [staff_member.c[name] for name in _COLUMNS]
_ADD = Statement(insert(staff_member))
_BY_ID = Lookup(staff_member, by=("staff_id",), take=_COLUMNS)
_BY_NAME = Lookup(staff_member, by=("name",), take=_COLUMNS)
_BY_SUBJECT = Statement(
    select(*_TAKEN)
    .where(staff_member.c.subject == bindparam("which"))
    .order_by(staff_member.c.disabled_at.desc())
    .limit(1)
)
_BY_INVITATION = Statement(select(*_TAKEN).where(staff_member.c.invitation == bindparam("which")).limit(1))
_LIST = Statement(select(*_TAKEN).order_by(staff_member.c.name))
_ONE = staff_member.c.staff_id == bindparam("who")
_INVITE = Statement(
    update(staff_member)
    .where(_ONE)
    .values(
        pass_hash="", seed=bindparam("fresh"), last_step=0, invitation=bindparam("link"), invited_until=bindparam("until"),
        disabled_at=0,
    )
)  # fmt: skip
_ENROL = Statement(
    update(staff_member)
    .where(_ONE, staff_member.c.invitation == bindparam("link"))
    .values(pass_hash=bindparam("hash"), invitation=b"", invited_until=0, last_step=bindparam("step"))
)
_STEP = Statement(
    update(staff_member)
    .where(_ONE, staff_member.c.last_step < bindparam("step"))
    .values(last_step=bindparam("step"))
)
_DISABLE = Statement(
    update(staff_member)
    .where(_ONE, staff_member.c.disabled_at == 0)
    .values(disabled_at=bindparam("at"), invitation=b"", invited_until=0, pass_hash="", seed="")
)  # fmt: skip
_SEEN = Statement(update(staff_member).where(_ONE).values(seen_at=bindparam("at")))
_ROLE = Statement(update(staff_member).where(_ONE).values(role=bindparam("named")))
_GONE = Statement(
    select(staff_member.c.staff_id).where(
        staff_member.c.disabled_at > 0, staff_member.c.disabled_at <= bindparam("before")
    )
)
_REMOVE = Statement(delete(staff_member).where(_ONE))
_ADD_CODE = Statement(insert(staff_code))
_USE_CODE = Statement(
    delete(staff_code).where(
        staff_code.c.digest == bindparam("which"), staff_code.c.staff_id == bindparam("who")
    )
)
_FORGET_CODES = Statement(delete(staff_code).where(staff_code.c.staff_id == bindparam("who")))
_ADD_PASSKEY = Statement(insert(staff_passkey))
_PASSKEY = Lookup(staff_passkey, by=("credential",), take=("staff_id", "public_key", "count"))
_PASSKEYS = Statement(
    select(staff_passkey.c.credential, staff_passkey.c.name, staff_passkey.c.added_at)
    .where(staff_passkey.c.staff_id == bindparam("who"))
    .order_by(staff_passkey.c.added_at, staff_passkey.c.credential)
)
_COUNT = Statement(
    update(staff_passkey)
    .where(staff_passkey.c.credential == bindparam("which"))
    .values(count=bindparam("signed"))
)
_REMOVE_PASSKEY = Statement(
    delete(staff_passkey).where(
        staff_passkey.c.credential == bindparam("which"), staff_passkey.c.staff_id == bindparam("who")
    )
)
_FORGET_PASSKEYS = Statement(delete(staff_passkey).where(staff_passkey.c.staff_id == bindparam("who")))
_OPEN = Statement(insert(staff_session))
_SESSION = Lookup(
    staff_session, by=("key_id",), take=("staff_id", "opened_at", "seen_at", "proven_at", "ends_at")
)
_TOUCH = Statement(
    update(staff_session).where(staff_session.c.key_id == bindparam("which")).values(seen_at=bindparam("at"))
)
_PROVE = Statement(
    update(staff_session)
    .where(staff_session.c.key_id == bindparam("which"))
    .values(proven_at=bindparam("at"))
)
_SEATS = Statement(
    select(
        staff_session.c.key_id,
        staff_session.c.device,
        staff_session.c.opened_at,
        staff_session.c.seen_at,
        staff_session.c.ends_at,
    )
    .where(staff_session.c.staff_id == bindparam("who"), staff_session.c.ends_at > bindparam("now"))
    .order_by(staff_session.c.opened_at.desc(), staff_session.c.key_id)
)
_CLOSE = Statement(
    delete(staff_session).where(
        staff_session.c.key_id == bindparam("which"), staff_session.c.staff_id == bindparam("who")
    )
)
_CLOSE_ALL = Statement(delete(staff_session).where(staff_session.c.staff_id == bindparam("who")))
_CLEAR = Statement(delete(staff_session).where(staff_session.c.ends_at <= bindparam("now")))


class Kept(NamedTuple):
    """A member as kept, with what proves who they are."""

    member: Member
    password: str
    seed: str


class Open(NamedTuple):
    """A session as kept; instants in microseconds."""

    staff: str
    opened_at: int
    seen_at: int
    proven_at: int
    ends_at: int


def add_member(tx: Transaction, member: Member, seed: str, invitation: bytes) -> None:
    """Keep a new member.

    Raises:
        Conflict: Somebody has this name already.
    """
    row = (
        member.staff, member.name, member.title, member.role, _text(member.purposes), _text(member.cases), "", seed, 0,
        member.subject, invitation, member.invited_until, member.created_at, 0, 0,
    )  # fmt: skip
    tx.run(_ADD, row)


def member_by_id(tx: Transaction, staff: str) -> Kept | None:
    """A member by id."""
    return _kept(tx.lookup(_BY_ID, [(staff,)]).get((staff,)))


def member_by_name(tx: Transaction, name: str) -> Kept | None:
    """A member by what they sign in by."""
    return _kept(tx.lookup(_BY_NAME, [(name,)]).get((name,)))


def member_by_subject(tx: Transaction, subject: str) -> Kept | None:
    """A member by who they are at the company's provider; one who was shut out before others."""
    return _kept(tx.row(_BY_SUBJECT, {"which": subject})) if subject else None


def member_by_invitation(tx: Transaction, digest: bytes) -> Kept | None:
    """Whose an invitation is."""
    return _kept(tx.row(_BY_INVITATION, {"which": digest}))


def members(tx: Transaction) -> list[Member]:
    """Every member, by name."""
    return [_member(row) for row in tx.rows(_LIST)]


def invite_member(tx: Transaction, staff: str, seed: str, invitation: bytes, until: int) -> None:
    """Begin anew: whatever proved who they are is forgotten, and a fresh invitation counts until an instant."""
    tx.run(_INVITE, {"who": staff, "fresh": seed, "link": invitation, "until": until})
    forget_proofs(tx, staff)


def forget_proofs(tx: Transaction, staff: str) -> None:
    """Forget recovery codes and passkeys of a member."""
    tx.run(_FORGET_CODES, {"who": staff})
    tx.run(_FORGET_PASSKEYS, {"who": staff})


def enrol_member(tx: Transaction, staff: str, invitation: bytes, password: str, step: int) -> bool:
    """Use an invitation up; False when it was used meanwhile."""
    return tx.run(_ENROL, {"who": staff, "link": invitation, "hash": password, "step": step}) == 1


def use_step(tx: Transaction, staff: str, step: int) -> bool:
    """Use a code's step of time up; False when it, or a later one, was used before."""
    return tx.run(_STEP, {"who": staff, "step": step}) == 1


def disable_member(tx: Transaction, staff: str, at: int) -> bool:
    """Shut a member out at an instant (microseconds); False when that was done before."""
    done = tx.run(_DISABLE, {"who": staff, "at": at}) == 1
    forget_proofs(tx, staff)
    tx.run(_CLOSE_ALL, {"who": staff})
    return done


def members_gone(tx: Transaction, before: int) -> list[str]:
    """Ids of members who were shut out at or before an instant (microseconds)."""
    return [row[0] for row in tx.rows(_GONE, {"before": before})]


def remove_member(tx: Transaction, staff: str) -> None:
    """Forget a member."""
    forget_proofs(tx, staff)
    tx.run(_CLOSE_ALL, {"who": staff})
    tx.run(_REMOVE, {"who": staff})


def note_seen(tx: Transaction, staff: str, at: int) -> None:
    """Note when a member last signed in (microseconds)."""
    tx.run(_SEEN, {"who": staff, "at": at})


def set_role(tx: Transaction, staff: str, role: str) -> None:
    """Give a member another role."""
    tx.run(_ROLE, {"who": staff, "named": role})


def add_codes(tx: Transaction, staff: str, digests: Sequence[bytes]) -> None:
    """Keep recovery codes in place of those before."""
    tx.run(_FORGET_CODES, {"who": staff})
    tx.run_many(_ADD_CODE, [(digest, staff) for digest in digests])


def use_code(tx: Transaction, staff: str, digest: bytes) -> bool:
    """Use a recovery code up; False when it is none of theirs."""
    return tx.run(_USE_CODE, {"which": digest, "who": staff}) == 1


def add_passkey(
    tx: Transaction, staff: str, credential: str, public_key: bytes, count: int, name: str, at: int
) -> None:
    """Keep a passkey.

    Raises:
        Conflict: It is kept already.
    """
    tx.run(_ADD_PASSKEY, (credential, staff, public_key, count, name, at))


def passkey(tx: Transaction, credential: str) -> tuple[str, bytes, int] | None:
    """Whose a passkey is, its public key, and how often it signed."""
    row = tx.lookup(_PASSKEY, [(credential,)]).get((credential,))
    return (row[0], bytes(row[1]), row[2]) if row is not None else None


def count_passkey(tx: Transaction, credential: str, count: int) -> None:
    """Note how often a passkey has signed."""
    tx.run(_COUNT, {"which": credential, "signed": count})


def passkeys(tx: Transaction, staff: str) -> list[Passkey]:
    """The passkeys of a member."""
    return [Passkey(*row) for row in tx.rows(_PASSKEYS, {"who": staff})]


def remove_passkey(tx: Transaction, staff: str, credential: str) -> bool:
    """Remove a passkey of a member; False when there is none."""
    return tx.run(_REMOVE_PASSKEY, {"which": credential, "who": staff}) == 1


def open_session(tx: Transaction, session: str, staff: str, at: int, ends: int, device: str) -> None:
    """Keep a session that begins at an instant and ends at another (microseconds)."""
    tx.run(_OPEN, (session, staff, at, at, at, ends, device))


def session(tx: Transaction, key_id: str) -> Open | None:
    """A session by the id of its key."""
    row = tx.lookup(_SESSION, [(key_id,)]).get((key_id,))
    return Open(*row) if row is not None else None


def touch_session(tx: Transaction, key_id: str, at: int) -> None:
    """Note that something was done in a session at an instant (microseconds)."""
    tx.run(_TOUCH, {"which": key_id, "at": at})


def prove_session(tx: Transaction, key_id: str, at: int) -> None:
    """Note that who works in a session has shown again who they are (microseconds)."""
    tx.run(_PROVE, {"which": key_id, "at": at})


def sessions_of(tx: Transaction, staff: str, now: int) -> list[Seat]:
    """The sessions of a member at an instant (microseconds), newest first."""
    return [Seat(*row) for row in tx.rows(_SEATS, {"who": staff, "now": now})]


def close_session(tx: Transaction, key_id: str, staff: str) -> bool:
    """End a session of a member; False when there is none."""
    return tx.run(_CLOSE, {"which": key_id, "who": staff}) == 1


def close_sessions(tx: Transaction, staff: str) -> None:
    """End every session of a member."""
    tx.run(_CLOSE_ALL, {"who": staff})


def clear_sessions(tx: Transaction, now: int) -> int:
    """Remove the sessions whose time is over at an instant (microseconds); gives their number."""
    return tx.run(_CLEAR, {"now": now})


def _kept(row: Row | None) -> Kept | None:
    if row is None:
        return None
    named: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    return Kept(_member(row), str(named["pass_hash"]), str(named["seed"]))


def _member(row: Row) -> Member:
    named: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    return Member(
        staff=named["staff_id"],
        name=named["name"],
        title=named["title"],
        role=named["role"],
        purposes=_list(named["purposes"]),
        cases=_list(named["cases"]),
        subject=named["subject"],
        created_at=named["created_at"],
        disabled_at=named["disabled_at"],
        seen_at=named["seen_at"],
        invited_until=named["invited_until"],
        ready=bool(named["pass_hash"]),
    )


def _text(items: Sequence[str]) -> str:
    return msgspec.json.encode(list(items)).decode()


def _list(text: str) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])
