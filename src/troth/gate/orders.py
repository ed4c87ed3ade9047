"""Orders: what an `instruct` act does.

Cases are opened and closed; choices are recorded, withdrawn and looked up; records are listed; sessions begin and end.
"""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import structs

from troth.gate import cases
from troth.gate.cases import Case
from troth.gate.form import (
    ASSIGNING_ORDERS,
    BLOCK_ORDERS,
    CHOICE_ORDERS,
    HOLD_ORDERS,
    PURPOSE_ORDERS,
    RECORD_ORDERS,
    SESSION_ORDERS,
    STANCE_ORDERS,
    WORK_ORDERS,
)
from troth.gate.holds import end_hold, holdings_told, place_hold
from troth.gate.listed import reconsidered
from troth.gate.model import Ask
from troth.gate.opening import Change, Follower, open_by_order, vouches
from troth.gate.proofs import CONFIRM, issue_proof, spend_proof
from troth.gate.sessions import (
    Session,
    close_other_sessions,
    close_session,
    close_sessions,
    open_session,
    session_of,
    sessions_of,
)
from troth.gate.weighing import Weighed, may_open
from troth.kernel import Conflict, InvalidInput, NotFound, Refused, from_micros
from troth.policy import Policy
from troth.storage import Transaction
from troth.vault import (
    PersonState,
    Record,
    block_sender,
    blocked_by,
    forget_reasons,
    found_record,
    held_fields,
    newest_records,
    note_presence,
    people_who_said,
    record_stance,
    records_of,
    release_purpose,
    release_sender,
    restrict_purpose,
    restricted_purposes,
    stances_of,
    withdraw_stances,
)

Found = tuple[str, Mapping[str, Any]]
"""Id of the case concerned, and what the order found out."""


def carry_out_order(
    tx: Transaction,
    one: Weighed,
    policy: Policy,
    purposes: Collection[str],
    now: int,
    people: Mapping[str, PersonState],
    follow: Follower | None = None,
) -> Found:
    """Carry out a permitted order at an instant (microseconds).

    Args:
        tx: Unit of work.
        one: The permitted act.
        policy: The version in force.
        purposes: The declared purposes.
        now: Instant of the batch (microseconds).
        people: What is known of the people of the batch.
        follow: Adds to a case that is being opened.

    Raises:
        InvalidInput: The order lacks something or names something undeclared.
        NotFound: There is no such case or person.
        Refused: The actor's role may not open such a case.
    """
    if one.ask.order == "show-holdings":
        return one.ask.case, {"holdings": holdings_told(tx, policy, one.person, now)}
    if one.ask.order in HOLD_ORDERS:
        return one.ask.case, _hold(tx, one, now)
    if one.ask.order in CHOICE_ORDERS:
        return one.ask.case, _choice(tx, one, purposes, now)
    if one.ask.order in RECORD_ORDERS:
        return one.ask.case, {"records": _records(tx, one)}
    if one.ask.order in WORK_ORDERS:  # that it is decided and recorded is all
        return "", {}
    if one.ask.order in SESSION_ORDERS:
        return one.ask.case, _session(tx, one, now, people)
    return _case(tx, one, policy, now, follow), {}


def _records(tx: Transaction, one: Weighed) -> list[dict[str, Any]]:
    """A page of records of a kind, newest first: of the person concerned, or of everybody where none is."""
    if one.person:
        found = records_of(tx, one.person, one.ask.kind, one.ask.before)
    else:
        found = newest_records(tx, one.ask.kind, one.ask.before)
    return [_told(record) for record in found]


def _told(record: Record) -> dict[str, Any]:
    return {
        "record": record.record,
        "person": record.person,
        "point": record.point,
        "created": from_micros(record.created_at).isoformat(),
        "changed": from_micros(record.changed_at).isoformat(),
    }


def _session(tx: Transaction, one: Weighed, now: int, people: Mapping[str, PersonState]) -> Mapping[str, Any]:
    ask, who = one.ask, one.person
    state = people.get(who)
    if state is None:
        raise NotFound("No such person is known.", field="person", mend="Check the handle or the identifier.")
    if ask.order == "issue-proof":
        if state.held != (ask.kind == CONFIRM):
            raise InvalidInput("The mailbox cannot be proven for this.", field="kind", mend="Leave it out.")
        return {"proof": issue_proof(tx, who, ask.kind, now)}
    if ask.order == "open-session":
        if ask.proof and not spend_proof(tx, ask.proof):
            raise NotFound("This link was used already.", field="proof", mend="Ask for a new one.")
        note_presence(tx, who, now)
        return {"session": open_session(tx, who, now, ask.device)}
    if ask.order == "list-sessions":
        return {"sessions": [_listed(one, ask.key) for one in sessions_of(tx, who, now)]}
    if ask.order == "close-session":
        if not close_session(tx, ask.session or session_of(ask.key), who):
            raise NotFound("No session has this id.", field="session", mend="See the list of sessions.")
    elif ask.order == "close-other-sessions":
        close_other_sessions(tx, ask.key, who)
    else:
        close_sessions(tx, who)
    return {}


def _listed(one: Session, key: str) -> dict[str, Any]:
    return {
        "session": one.session,
        "device": one.device,
        "opened": from_micros(one.opened_at).isoformat(),
        "ends": from_micros(one.expires_at).isoformat(),
        "own": one.session == session_of(key),
    }


def _choice(tx: Transaction, one: Weighed, purposes: Collection[str], now: int) -> Mapping[str, Any]:
    ask, who = one.ask, one.person
    if ask.order in STANCE_ORDERS | PURPOSE_ORDERS:
        _check_about(ask, purposes)
    if ask.order == "record-stance":
        record_stance(tx, who, ask.about, ask.stance, now)
    elif ask.order == "withdraw-stance":
        withdraw_stances(tx, who, ask.about, ask.stance)
        if ask.stance == "objected":
            forget_reasons(tx, who, reconsidered(ask.about, purposes))
    elif ask.order in BLOCK_ORDERS:
        _block(tx, ask, who, now)
    elif ask.order == "show-stances":
        if not who:
            raise NotFound(
                "No such person is known.", field="person", mend="Check the handle or the identifier."
            )
        return {
            "stances": stances_of(tx, who),
            "fields": held_fields(tx, who),
            "restricted": restricted_purposes(tx),
            "blocked": sorted(blocked_by(tx, who)),
        }
    elif ask.order == "list-people":
        return {"people": people_who_said(tx, ask.about, ask.stance)}
    elif ask.order == "restrict-purpose":
        restrict_purpose(tx, ask.about, now)
    else:
        release_purpose(tx, ask.about)
    return {}


def _hold(tx: Transaction, one: Weighed, now: int) -> Mapping[str, Any]:
    """Place a legal hold on a person or on one of their records, or end one."""
    ask, who = one.ask, one.person
    if ask.order == "end-hold":
        if not end_hold(tx, ask.about, now):
            raise NotFound("No hold with this id is in force.", field="about", mend="See `troth holds list`.")
        return {}
    if not who:
        raise NotFound("No such person is known.", field="person", mend="Check the handle or the identifier.")
    if ask.record:
        found_record(tx, ask.record, who)
    role = one.actor.role if one.actor is not None else ""
    hold = place_hold(
        tx,
        person=who,
        record=ask.record,
        purpose=ask.purpose,
        reason=ask.reason,
        case=ask.case,
        role=role,
        now=now,
    )
    return {"hold": hold}


def _check_closing(found: Case | None, one: Weighed, policy: Policy) -> None:
    """Let a case be closed by whoever may open or cite its type, and by people only where it is their own.

    Raises:
        NotFound: There is none, or it is somebody else's.
        Refused: Neither may the role open such a case, nor may the key cite one.
    """
    actor = one.actor
    if found is None or actor is None or (actor.person and actor.person != found.person):
        raise NotFound("No open case has this id.", field="case", mend="See the case list.")
    if actor.may_cite(found.case_type):
        return
    refusing = may_open(found.case_type, actor.role, policy)
    if refusing:
        raise Refused(
            f"Role {actor.role} may not close a {found.case_type} case.",
            clause=refusing,
            mend="Ask someone whose role may.",
        )


def _citable(found: Case | None, one: Weighed) -> Case:
    """A case that whoever orders may work on: one of a kind that their key was granted.

    Raises:
        NotFound: There is none.
    """
    actor = one.actor
    if found is None or actor is None or actor.person or not actor.may_cite(found.case_type):
        raise NotFound("No case has this id.", field="case", mend="See the case list.")
    return found


def _work(
    tx: Transaction, one: Weighed, found: Case, policy: Policy, now: int, follow: Follower | None
) -> str:
    """Assign a case, put it back, or open it again for whoever orders it."""
    ask, actor = one.ask, one.actor
    assert actor is not None, "only somebody cites a case"
    holder = "" if ask.order == "release-case" else ask.assignee or actor.who
    change = Change(ask.case, actor.role, actor.who, now, holder)
    if ask.order == "reopen-case":
        _check_reopens(found, policy, now)
        if policy.cases[found.case_type].matter is not None:
            return _go_on(tx, one, found, policy, now, follow)
        cases.reopen_case(tx, ask.case, holder)
    elif not cases.assign_case(tx, ask.case, holder):
        raise NotFound("No open case has this id.", field="case", mend="See the case list.")
    if follow is not None:
        (follow.reopened if ask.order == "reopen-case" else follow.assigned)(tx, change)
    return ask.case


def _go_on(
    tx: Transaction, one: Weighed, found: Case, policy: Policy, now: int, follow: Follower | None
) -> str:
    """Go on with a matter that has ended: in a case of its own, about the same records, since no day moves."""
    opening = one._replace(ask=structs.replace(one.ask, order="open-case", case_type=found.case_type))
    made = open_by_order(tx, policy, opening, found.record, follow, now)
    for record in cases.joined_records(tx, one.ask.case):
        cases.join_case(tx, made, record)
    return made


def _check_reopens(found: Case, policy: Policy, now: int) -> None:
    """Let a case be opened again within the time that the policy gives.

    Raises:
        Conflict: It is open.
        Refused: Cases of its type are not opened again, or its time is over.
    """
    declared = policy.cases.get(found.case_type)
    if not found.closed_at:
        raise Conflict("The case is open.", field="case", mend="Go on with it.")
    if not cases.reopens(found, policy, now):
        raise Refused(
            "This case is not opened again.",
            clause=declared.clause if declared is not None else "",
            field="case",
            mend="Open a new one about the same thing.",
        )


def _verify(tx: Transaction, one: Weighed, policy: Policy, now: int) -> str:
    """Note that it is proven who asks: by a secret from the mailbox, by who is signed in, or by whoever may order it."""
    ask = one.ask
    found = cases.case_of(tx, ask.case)
    if found is None or found.closed_at or not one.person or found.person != one.person:
        raise NotFound("No open case of this person has this id.", field="case", mend="See the case list.")
    if ask.proof and not spend_proof(tx, ask.proof):
        raise NotFound("This link was used already.", field="proof", mend="Ask for a new one.")
    actor = one.actor
    sure = (
        ask.proof or (actor is not None and actor.fresh) or vouches(actor, policy.cases.get(found.case_type))
    )
    if not sure:
        raise Refused(
            "Nothing proves who asks.", field="proof", mend="Follow the link in the mail, or sign in anew."
        )
    cases.verify_case(tx, ask.case, now)
    return ask.case


def _block(tx: Transaction, ask: Ask, who: str, now: int) -> None:
    if ask.order == "block-sender":
        block_sender(tx, who, ask.sender, now)
    elif not release_sender(tx, who, ask.sender):
        raise NotFound("This sender is not blocked.", field="sender", mend="See whom you blocked.")


def _check_about(ask: Ask, purposes: Collection[str]) -> None:
    if ask.about not in purposes:
        raise InvalidInput(
            "The order is about a data use that is not declared.",
            clause="0.2",
            field="about",
            mend="Name a data use of fideslang, or one that the policy declares.",
        )


def _case(tx: Transaction, one: Weighed, policy: Policy, now: int, follow: Follower | None) -> str:
    ask = one.ask
    if ask.order == "open-case":
        if ask.record:
            found_record(tx, ask.record, one.person)
        return open_by_order(tx, policy, one, ask.record, follow, now)
    if ask.order == "verify-case":
        return _verify(tx, one, policy, now)
    found = cases.case_of(tx, ask.case)
    if ask.order in ASSIGNING_ORDERS | {"reopen-case"}:
        return _work(tx, one, _citable(found, one), policy, now, follow)
    _check_closing(found, one, policy)
    if not cases.close_case(tx, ask.case, now):
        raise NotFound("No open case has this id.", field="case", mend="See the case list.")
    if follow is not None and one.actor is not None:
        follow.closed(tx, ask.case, one.actor.role, one.actor.who, now)
    return ask.case
