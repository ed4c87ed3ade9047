"""Mandates: that an agent asks in somebody's name, and by what authority; rows of handles, words and instants only.

The agent's name, mailbox and written authority lie sealed in the record of the request, under the key of the person they concern.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, func, insert, select, update

from troth.kernel import Refused
from troth.rights.model import MatterRow
from troth.rights.tables import mandate
from troth.storage import Lookup, Statement, Transaction

WAITS, GIVEN, REJECTED, DENIED, ENDED = "waits", "given", "rejected", "denied", "ended"
"""States: nobody has said yes or no; the authority stands; staff did not accept what was shown; the person said no; the person
took it back."""
BY_PERSON, BY_DOCUMENT, STANDING = "person", "document", "standing"
"""What an authority rests on: the person's own yes, a written one that staff accepted, or an earlier one that still holds."""
BARRED_FOR = timedelta(days=365)
"""So long an agent to whom somebody said no does not reach them again by our mail."""
_MICROSECOND = timedelta(microseconds=1)


class Mandate(NamedTuple):
    """A request in somebody's name; instants in microseconds, 0 for not yet.

    Args:
        case: Id of the request's case.
        person: Handle of whom it is about.
        agent: Keyed hash of the agent's mailbox.
        record: Record that holds the agent's name, mailbox and written authority.
        document: Whether a written authority was sent along, or staff added one.
        asked_at: Receipt.
        proven_at: When the agent's mailbox was proven.
        state: One of `WAITS`, `GIVEN`, `REJECTED`, `DENIED`, `ENDED`.
        basis: What it rests on; empty while it does not stand.
        under: Case of the earlier mandate that it rests on; empty for none.
        kinds: Kinds of request that it covers, apart by blanks.
        valid_until: Last instant of the authority; 0 where it holds for this request only.
        copies: Whether copies go to the agent.
        settled_at: When its state was last decided.
        role: Role of who decided.
        key: Id of the key of who decided.
        reason: Why staff did not accept it.
    """

    case: str
    person: str
    agent: str
    record: str
    document: int
    asked_at: int
    proven_at: int = 0
    state: str = WAITS
    basis: str = ""
    under: str = ""
    kinds: str = ""
    valid_until: int = 0
    copies: int = 0
    settled_at: int = 0
    role: str = ""
    key: str = ""
    reason: str = ""

    def stands(self, kind: str, at: int) -> bool:
        """Whether the agent's mailbox is proven and the authority covers a kind of request at an instant (microseconds)."""
        valid = not self.valid_until or at <= self.valid_until
        return bool(self.proven_at) and self.state == GIVEN and valid and kind in self.kinds.split()


_COLUMNS = tuple(mandate.c)
_ADD = Statement(insert(mandate))
_OF_CASE = Lookup(mandate, by=("case_id",), take=tuple(column.name for column in mandate.c))
_OF_PERSON = Statement(
    select(*_COLUMNS)
    .where(mandate.c.person == bindparam("who"))
    .order_by(mandate.c.settled_at.desc(), mandate.c.case_id.desc())
)
_BETWEEN = Statement(
    select(*_COLUMNS)
    .where(mandate.c.person == bindparam("who"), mandate.c.agent == bindparam("by"))
    .order_by(mandate.c.settled_at.desc(), mandate.c.case_id.desc())
)
_UNDER = Statement(select(*_COLUMNS).where(mandate.c.under == bindparam("which")))
_PROVE = Statement(
    update(mandate)
    .where(mandate.c.case_id == bindparam("which"), mandate.c.proven_at == 0)
    .values(proven_at=bindparam("at"))
)
_SHOWN = Statement(update(mandate).where(mandate.c.case_id == bindparam("which")).values(document=1))
_SETTLE = Statement(
    update(mandate)
    .where(mandate.c.case_id == bindparam("which"))
    .values(
        state=bindparam("now"),
        basis=bindparam("rests"),
        under=bindparam("on"),
        kinds=bindparam("covers"),
        valid_until=bindparam("until"),
        copies=bindparam("fetches"),
        settled_at=bindparam("at"),
        role=bindparam("by"),
        key_id=bindparam("with_key"),
        reason=bindparam("why"),
    )
)
_ASKED_SINCE = Statement(
    select(func.count()).where(
        mandate.c.agent == bindparam("by"), mandate.c.asked_at > bindparam("since"), mandate.c.proven_at == 0
    )
)
_PROVEN_SINCE = Statement(
    select(func.count()).where(mandate.c.person == bindparam("who"), mandate.c.proven_at > bindparam("since"))
)
_HIDE = Statement(update(mandate).where(mandate.c.person == bindparam("who")).values(agent="", record=""))


def add_mandate(tx: Transaction, one: Mandate) -> None:
    """Keep that somebody asks in another's name."""
    tx.run(_ADD, tuple(one))


def mandate_of(tx: Transaction, case: str) -> Mandate | None:
    """By what authority a request was made; None where its person asked."""
    row = tx.lookup(_OF_CASE, [(case,)]).get((case,))
    return Mandate(*row) if row is not None else None


def mandates_of(tx: Transaction, person: str) -> list[Mandate]:
    """Who asked, or may ask, in somebody's name; what was decided last first."""
    return [Mandate(*row) for row in tx.rows(_OF_PERSON, {"who": person})]


def mandates_under(tx: Transaction, case: str) -> list[Mandate]:
    """Requests that rest on the authority of an earlier one."""
    return [Mandate(*row) for row in tx.rows(_UNDER, {"which": case})]


def note_mailbox(tx: Transaction, case: str, at: int) -> bool:
    """Note that an agent's mailbox is proven (microseconds); False when it was before."""
    return tx.run(_PROVE, {"which": case, "at": at}) == 1


def note_document(tx: Transaction, case: str) -> None:
    """Note that a written authority was added."""
    tx.run(_SHOWN, {"which": case})


def settle(tx: Transaction, one: Mandate) -> None:
    """Keep what was decided about a mandate: everything of it but who asks for whom."""
    values = {
        "which": one.case,
        "now": one.state,
        "rests": one.basis,
        "on": one.under,
        "covers": one.kinds,
        "until": one.valid_until,
        "fetches": one.copies,
        "at": one.settled_at,
        "by": one.role,
        "with_key": one.key,
        "why": one.reason,
    }
    tx.run(_SETTLE, values)


def standing_mandate(tx: Transaction, one: Mandate, kind: str, at: int) -> Mandate | None:
    """A written authority, accepted earlier, by which the same agent may ask the same kind for the same person."""
    found: Sequence[Mandate] = [
        Mandate(*row) for row in tx.rows(_BETWEEN, {"who": one.person, "by": one.agent})
    ]
    return next(
        (m for m in found if m.case != one.case and m.basis == BY_DOCUMENT and m.stands(kind, at)), None
    )


def barred(tx: Transaction, one: Mandate, at: int) -> bool:
    """Whether the person said no to this agent, or took an authority back, and has not said yes since."""
    since = at - BARRED_FOR // _MICROSECOND
    for row in tx.rows(_BETWEEN, {"who": one.person, "by": one.agent}):
        said = Mandate(*row)
        if said.state in (DENIED, ENDED):
            return said.settled_at > since
        if said.state == GIVEN and said.basis != STANDING:
            return False
    return False


def unproven_since(tx: Transaction, agent: str, since: int) -> int:
    """How many requests with a mailbox that nobody has proven came in after an instant (microseconds)."""
    ((number,),) = tx.rows(_ASKED_SINCE, {"by": agent, "since": since})
    return int(number)


def proven_since(tx: Transaction, person: str, since: int) -> int:
    """How many requests in somebody's name had their agent's mailbox proven after an instant (microseconds)."""
    ((number,),) = tx.rows(_PROVEN_SINCE, {"who": person, "since": since})
    return int(number)


def forget_mandates(tx: Transaction, person: str) -> None:
    """Leave of somebody who was erased only that agents asked, by which requests go on to their end; not who they were."""
    tx.run(_HIDE, {"who": person})


def check_stands(tx: Transaction, row: MatterRow, at: int) -> None:
    """Let no request of an agent be carried out whose authority does not stand at an instant (microseconds).

    Raises:
        Refused: The agent's mailbox is not proven, or the authority is missing, over, or for something else.
    """
    one = mandate_of(tx, row.case)
    if one is not None and not one.stands(row.kind, at):
        raise Refused(
            "Somebody asks in another's name, and no authority for it stands.",
            clause="III.0",
            field="authority",
            mend="Wait for the person's own yes, or record the written authority as accepted.",
        )
