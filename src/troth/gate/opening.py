"""Opening a case: at a person's request at a collection point, or by an order; rooms above add rows of their own to it."""

from collections.abc import Callable
from typing import NamedTuple

from troth.gate import cases
from troth.gate.access import Actor, covers
from troth.gate.weighing import Weighed, may_open
from troth.kernel import InvalidInput, Refused, new_id
from troth.policy import CaseType, Policy, agent_field
from troth.storage import Transaction
from troth.vault import Vault, normalised


class Opening(NamedTuple):
    """A case that is being opened.

    Args:
        case: Its id.
        declared: Its type.
        person: Handle of whom it is about.
        record: Record that holds what was written; empty for none.
        channel: How it came in; empty for an order.
        kind: What is asked for, where that was said.
        about: Case that it is about; empty for none.
        verified: Whether it is known for sure who asks.
        at: Instant (microseconds).
        uses: Data uses that it is about, where some were named.
        language: In which whoever asks is answered (BCP 47); empty where nothing tells.
        agent: Where somebody asks in another's name: keyed hash of the agent's mailbox; empty for none.
        authority: Whether a written authority of the agent came with it.
        holder: The member of staff or the key to whom it is assigned from the start; empty for nobody.
    """

    case: str
    declared: CaseType
    person: str
    record: str
    channel: str
    kind: str
    about: str
    verified: bool
    at: int
    uses: tuple[str, ...] = ()
    language: str = ""
    agent: str = ""
    authority: bool = False
    holder: str = ""


class Change(NamedTuple):
    """What happened to a case that is open or was: its id, who did it (role and id), and the instant (microseconds).

    `holder` is the member of staff or the key to whom it is assigned from now on; empty for nobody.
    """

    case: str
    role: str
    who: str
    at: int
    holder: str = ""


def _nothing(tx: Transaction, change: Change) -> None:
    """What a room adds that keeps no holder."""


class Follower(NamedTuple):
    """What a room above adds to cases, in the unit of work that opens, assigns or closes them.

    Args:
        opened: Given a case that is being opened; gives its id, or that of an open one that it joins.
        closed: Given the id of a case that was closed, role and key of who did it, and the instant (microseconds).
        assigned: Given a case that somebody got, or put back.
        reopened: Given a case that was opened again.
    """

    opened: Callable[[Transaction, Policy, Opening], str]
    closed: Callable[[Transaction, str, str, str, int], None]
    assigned: Callable[[Transaction, Change], None] = _nothing
    reopened: Callable[[Transaction, Change], None] = _nothing


class Agent(NamedTuple):
    """Who asks in another's name: keyed hash of the agent's mailbox, and whether a written authority came along."""

    mark: str = ""
    authority: bool = False


def agent_of(policy: Policy, one: Weighed, vault: Vault) -> Agent:
    """Who asks in another's name at a collection; an empty mark where nobody does."""
    mailbox, authority = agent_field(policy, "mailbox"), agent_field(policy, "authority")
    if not mailbox or mailbox not in one.fields or not isinstance(one.ask.values.get(mailbox), str):
        return Agent()
    said = normalised("email", one.ask.values[mailbox])
    return Agent(vault.keys.blind("agent", said).hex(), authority in one.fields)


def open_at(
    tx: Transaction,
    policy: Policy,
    one: Weighed,
    person: str,
    record: str,
    follow: Follower | None,
    now: int,
    agent: Agent = Agent(),  # noqa: B008  a constant
) -> str:
    """Open the case that a submission at a point opens; gives its id, empty where the point opens none.

    Raises:
        Refused: Who collects there may open no such case.
    """
    point = policy.points.get(one.ask.point)
    if point is None or point.opens is None or one.ask.record or one.ask.proof:
        return ""
    asked = next((one.ask.values[name] for name in one.fields if policy.fields[name].asks), "")
    uses = [use for name in one.fields if policy.fields[name].uses for use in one.ask.values[name]]
    return _open(tx, policy, one, point.opens, person, record, str(asked), tuple(uses), follow, now, agent)


def open_by_order(
    tx: Transaction, policy: Policy, one: Weighed, record: str, follow: Follower | None, now: int
) -> str:
    """Open a case because somebody ordered it; gives its id.

    Raises:
        InvalidInput: The policy declares no such type, or no such data use.
        Refused: The role may open no such case.
    """
    about = one.ask.about
    if about and about not in policy.scales.purposes:
        raise InvalidInput(
            "The request is about a data use that is not declared.",
            clause="0.2",
            field="about",
            mend="Name a data use of fideslang, or one that the policy declares.",
        )
    uses = (about,) if about else ()
    return _open(tx, policy, one, one.ask.case_type, one.person, record, one.ask.kind, uses, follow, now)


def _open(
    tx: Transaction,
    policy: Policy,
    one: Weighed,
    case_type: str,
    person: str,
    record: str,
    kind: str,
    uses: tuple[str, ...],
    follow: Follower | None,
    now: int,
    agent: Agent = Agent(),  # noqa: B008  a constant
) -> str:
    role = one.actor.role if one.actor is not None else ""
    refusing = may_open(case_type, role, policy)
    if refusing:
        raise Refused(
            f"Role {role} may not open a {case_type} case.",
            clause=refusing,
            mend="Ask someone whose role may.",
        )
    declared = policy.cases[case_type]
    case_id = new_id()
    verified = not agent.mark and _is_sure(one.actor, declared, person)
    holder = _holder(one, declared)
    if follow is not None and (declared.matter is not None or declared.served):
        opening = Opening(
            case_id, declared, person, record, one.ask.channel, kind, one.ask.case, verified, now, uses, one.ask.language,
            agent.mark, agent.authority, holder,
        )  # fmt: skip
        joined = follow.opened(tx, policy, opening)
        if joined != case_id:
            if verified:
                cases.verify_case(tx, joined, now)
            return joined
    # A request or dispute is about everything that is held; its record only says what was asked.
    bound = "" if declared.matter in ("request", "dispute") else record
    cases.open_case(tx, case_id, case_type, person, "", now, bound, holder)
    if verified:
        cases.verify_case(tx, case_id, now)
    return case_id


def _holder(one: Weighed, declared: CaseType) -> str:
    """To whom a case is assigned from the start: whoever of us opens one by order works on it.

    A request or dispute waits for somebody to take it, because whoever enters one need not be who answers or reviews it.
    """
    if one.ask.order != "open-case" or one.actor is None or one.actor.person:
        return ""
    return "" if declared.matter in ("request", "dispute") else one.actor.who


def _is_sure(actor: Actor | None, declared: CaseType, person: str) -> bool:
    """Whether it is sure who asks: the person is signed in, or the role vouches for it by opening the case."""
    if actor is None or not person:
        return False
    return (actor.fresh and actor.person == person) or vouches(actor, declared)


def vouches(actor: Actor | None, declared: CaseType | None) -> bool:
    """Whether a role answers for knowing who asks."""
    if actor is None or declared is None:
        return False
    return any(covers(role, actor.role) for role in declared.vouched_by)
