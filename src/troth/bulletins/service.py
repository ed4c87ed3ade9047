"""Bulletins: written by the product team, approved by a second person, started and stopped. Every step is an act of its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from troth.bulletins import keeping
from troth.bulletins.model import (
    CLAUSE,
    DRAFT,
    Bulletin,
    Text,
    Texts,
    approved,
    revised,
    started,
    stopped,
)
from troth.bulletins.promotion import Found, find_promotion
from troth.bulletins.text import checked_texts
from troth.gate import (
    APPROVED,
    OWNED,
    REASON_LISTED,
    Actor,
    Ask,
    Outcome,
    note_case_fact,
    note_matter,
    withdraw_case_fact,
)
from troth.kernel import Clock, Conflict, InvalidInput, NotFound, Refused, TrothError, Unavailable, micros
from troth.policy import Act, CaseType, CrucialReason, Policy, Product, Wanted, crucial_reason, read_versions
from troth.storage import Database, Transaction, stage_job

STEP = "bulletin.step"
"""Topic of the job that takes delivery one step on."""
MOST = 200
Along = Callable[[Transaction, Sequence[Outcome]], None]
PerformAlong = Callable[[Sequence[Ask], Along], list[Outcome]]
Move = Callable[[Bulletin, str, int], Bulletin]


class Draft(NamedTuple):
    """What somebody wants to tell the owners of a product.

    Args:
        product: Declared product.
        versions: Range of versions, such as `>=5.0, <5.2.1`; `*` for all.
        reason: Declared reason.
        texts: What it says, by language.
    """

    product: str
    versions: str
    reason: str
    texts: Mapping[str, Text]


class Bulletins:
    """The bulletins of a folder.

    Args:
        database: Keeps them.
        perform: Performs acts together with rows of this room in one unit of work; the gate's.
        actor: Who stands behind a key.
        policy: Gives the version in force.
        clock: Dates every step.
    """

    def __init__(
        self,
        *,
        database: Database,
        perform: PerformAlong,
        actor: Callable[[str], Actor],
        policy: Callable[[], Policy],
        clock: Clock,
    ) -> None:
        self._database, self._perform = database, perform
        self._actor, self._policy, self._clock = actor, policy, clock

    def check(self, draft: Draft) -> list[Found]:
        """What of a draft's words counts as promotion; nothing is kept.

        Raises:
            InvalidInput: Product, versions, reason or a text is none that a bulletin may have.
        """
        self._checked(draft)
        return find_promotion(draft.texts)

    def write(self, key: str, draft: Draft) -> Bulletin:
        """Write a bulletin, which is a case from now on and waits for its approval.

        Raises:
            InvalidInput: Something of it is none that a bulletin may have, or it advertises.
            Refused: The policy lets this role write none, or no member of staff stands behind the key.
            Unauthenticated: The key does not work.
        """
        author, now = self._member(key), micros(self._clock.now())
        wanted = self._checked(draft)
        _refuse_promotion(draft.texts)
        declared = bulletin_case(self._policy())
        made: list[Bulletin] = []

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            made.clear()
            if outcomes[0].permitted:
                one = Bulletin(
                    outcomes[0].case, draft.product, wanted.versions.text, draft.reason, dict(draft.texts), author, "", DRAFT,
                    "", 0, now, 0, 0, 0,
                )  # fmt: skip
                keeping.add_bulletin(tx, one)
                note_case_fact(tx, one.case, OWNED, str(wanted), now)
                note_case_fact(tx, one.case, REASON_LISTED, f"{one.product} {one.reason}", now)
                self._note(tx, one, "bulletin-written", now)
                made.append(one)

        ask = Ask(
            act="instruct", purpose=purpose_of(declared), key=key, order="open-case", case_type=declared.name
        )
        _raise_of(self._perform([ask], along))
        return made[0]

    def revise(self, key: str, case: str, texts: Texts) -> Bulletin:
        """Give a bulletin other texts; an approval that it had is void with that, in the same unit of work.

        Raises:
            InvalidInput: A text is none that a bulletin may have, or it advertises.
            NotFound: There is no such bulletin.
            Conflict: It was started already.
            Refused: The policy does not let this role, or no member of staff stands behind the key.
        """
        self._check_writer(key)
        checked_texts(texts)
        _refuse_promotion(texts)

        def move(was: Bulletin, who: str, now: int) -> Bulletin:
            return revised(was, who, dict(texts), now)

        return self._step(key, case, move, "bulletin-written")

    def approve(self, key: str, case: str, digest: str) -> Bulletin:
        """Approve a bulletin as a second person, who read exactly what has this digest.

        Raises:
            InvalidInput: It advertises by the rules of now, or its reason may not be used any more.
            NotFound: There is no such bulletin.
            Conflict: It is no draft, or says something else by now.
            Refused: Whoever approves wrote it, the policy does not let this role, or no member stands behind the key.
        """

        def move(was: Bulletin, who: str, now: int) -> Bulletin:
            self._checked(Draft(was.product, was.versions, was.reason, was.texts))
            _refuse_promotion(was.texts)
            return approved(was, who, digest, now)

        return self._step(key, case, move, "bulletin-approved")

    def start(self, key: str, case: str) -> Bulletin:
        """Start the delivery of an approved bulletin; it goes on in the background until every owner has an end.

        Raises:
            NotFound: There is no such bulletin.
            Conflict: Nobody approved it, or it was started already.
            Refused: The policy does not let this role, or no member of staff stands behind the key.
        """
        self._check_writer(key)
        return self._step(key, case, lambda was, _, now: started(was, now), "bulletin-started")

    def stop(self, key: str, case: str) -> Bulletin:
        """End a bulletin at once: nobody is sent it any more.

        Raises:
            NotFound: There is no such bulletin.
            Conflict: It is over already.
            Refused: The policy does not let this role, or no member of staff stands behind the key.
        """
        return self._step(key, case, lambda was, _, now: stopped(was, now), "bulletin-stopped")

    def may(self, key: str) -> bool:
        """Whether somebody's role has to do with bulletins, by the policy in force; nothing is recorded.

        Raises:
            Unauthenticated: The key does not work.
        """
        policy, actor = self._policy(), self._actor(key)
        declared = next((one for one in policy.cases.values() if one.carries == CARRIED), None)
        if declared is None:
            return False
        purpose = purpose_of(declared)
        facts = ("purpose.granted",) if actor.may_serve(purpose) else ()
        on = self._clock.now().date().isoformat()
        return policy.decide(Act("instruct", actor.role, purpose, (), facts=facts, on=on)).permitted

    def check_may(self, key: str) -> None:
        """Refuse a key whose role has nothing to do with bulletins.

        Raises:
            Unauthenticated: It does not work.
            Refused: The policy has nothing to do with them for this role.
        """
        if not self.may(key):
            raise Refused(
                "This role has nothing to do with bulletins.", clause=CLAUSE, mend="Ask the product team."
            )

    def writes(self, key: str) -> bool:
        """Whether somebody's role writes bulletins, and does not only approve them."""
        policy, actor = self._policy(), self._actor(key)
        return self.may(key) and _covered(bulletin_case(policy).opened_by, actor.role)

    def newest(self, key: str) -> list[Bulletin]:
        """Bulletins, the newest first.

        Raises:
            Refused: The policy has nothing to do with them for this role.
        """
        self.check_may(key)
        with self._database.snapshot() as tx:
            return keeping.newest_bulletins(tx, MOST)

    def show(self, key: str, case: str) -> Bulletin:
        """One bulletin.

        Raises:
            NotFound: There is none.
            Refused: The policy has nothing to do with them for this role.
        """
        self.check_may(key)
        with self._database.snapshot() as tx:
            return keeping.bulletin_of(tx, case)

    def reasons(self) -> dict[str, list[CrucialReason]]:
        """By declared product, the reasons for which its owners may be written to today."""
        policy, day = self._policy(), self._clock.now().date().isoformat()
        found = {
            one.name: [crucial_reason(policy, one.name, name, day) for name in one.crucial]
            for one in policy.of(Product)
        }
        return {
            name: [one for one in reasons if one is not None]
            for name, reasons in found.items()
            if any(reasons)
        }

    def _step(self, key: str, case: str, move: Move, what: str) -> Bulletin:
        """Let a bulletin take a step, which is an act that the policy decides."""
        who, made = self._member(key), list[Bulletin]()
        declared = bulletin_case(self._policy())

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            made.clear()
            if not outcomes[0].permitted:
                return
            now = micros(self._clock.now())
            was = keeping.bulletin_of(tx, case)
            one = move(was, who, now)
            if not keeping.change_bulletin(tx, was, one):
                raise Conflict(
                    "Somebody else has just changed the bulletin.", field="bulletin", mend="Look again."
                )
            self._keep_facts(tx, one, now)
            self._note(tx, one, what, now)
            made.append(one)

        ask = Ask(act="instruct", purpose=purpose_of(declared), key=key, case=case)
        _raise_of(self._perform([ask], along))
        return made[0]

    def _keep_facts(self, tx: Transaction, one: Bulletin, now: int) -> None:
        """What the gate may say of the message: approved, as long as these very texts are and it is not over."""
        if one.approver and not one.ended_at:
            note_case_fact(tx, one.case, APPROVED, one.digest, now)
        else:
            withdraw_case_fact(tx, one.case, APPROVED)
        if one.started_at:  # also where it was just stopped: its copies are then brought to their end
            stage_job(tx, STEP, {"case": one.case}, due=now)

    def _note(self, tx: Transaction, one: Bulletin, what: str, now: int) -> None:
        note_matter(
            tx, self._policy(), case=one.case, what=what, clause=CLAUSE, now=now, more={"digest": one.digest}
        )

    def _checked(self, draft: Draft) -> Wanted:
        """Product and versions of a draft whose every part is one that a bulletin may have."""
        policy, day = self._policy(), self._clock.now().date().isoformat()
        products = {one.name: one for one in policy.of(Product) if one.crucial}
        if draft.product not in products:
            raise InvalidInput(
                "The policy declares no such product, or nothing that is crucial about it.",
                clause=CLAUSE,
                field="product",
                mend=f"Use one of {', '.join(products) or '(none)'}.",
            )
        if crucial_reason(policy, draft.product, draft.reason, day) is None:
            raise _unlisted(policy, products[draft.product], draft.reason)
        checked_texts(draft.texts)
        return Wanted(draft.product, read_versions(draft.versions))

    def _member(self, key: str) -> str:
        """Id of the member of staff behind a key, whichever of their sessions or keys it is."""
        actor = self._actor(key)
        if not actor.holder:
            raise Refused(
                "No member of staff stands behind this key, so nobody could tell two people apart.",
                clause=CLAUSE,
                mend="Sign in at the console, or issue a key with `troth access issue --member NAME`.",
            )
        return actor.holder

    def _check_writer(self, key: str) -> None:
        if not self.writes(key):
            raise Refused(
                "This role writes and starts no bulletins.", clause=CLAUSE, mend="Ask the product team."
            )


CARRIED = "bulletin"


def bulletin_case(policy: Policy) -> CaseType:
    """The type of case that bulletins are sent under.

    Raises:
        NotFound: The policy declares none, and so no bulletins.
    """
    found = next((one for one in policy.cases.values() if one.carries == CARRIED), None)
    if found is None:
        raise NotFound(
            "The policy declares no bulletins.",
            clause=CLAUSE,
            mend="Declare a case with `carries: bulletin` and the purpose that they serve.",
        )
    return found


def purpose_of(declared: CaseType) -> str:
    """The data use that bulletins serve."""
    return declared.purpose or ""


def _covered(roles: Sequence[str], role: str) -> bool:
    return any(role == one or role.startswith(f"{one}.") for one in roles)


def _refuse_promotion(texts: Texts) -> None:
    found = find_promotion(texts)
    if found:
        more = f" {len(found) - 1} more places." if len(found) > 1 else ""
        raise InvalidInput(
            f"The text advertises: {found[0]}{more}",
            clause=CLAUSE,
            field="texts",
            mend="Write it in other words; `troth bulletins check` shows every place.",
        )


def _unlisted(policy: Policy, product: Product, reason: str) -> InvalidInput:
    overdue = next((one for one in policy.of(CrucialReason) if one.name == reason), None)
    if reason in product.crucial and overdue is not None:
        return InvalidInput(
            f"The review of this reason was due on {overdue.review}; until then nobody uses it.",
            clause=CLAUSE,
            field="reason",
            mend=f"Ask {overdue.owner} to review it.",
        )
    return InvalidInput(
        "The reason is not on the closed list for this product.",
        clause=CLAUSE,
        field="reason",
        mend=f"Use one of {', '.join(product.crucial)}.",
    )


_ERRORS: Mapping[str, type[TrothError]] = {
    one.code: one for one in (InvalidInput, NotFound, Conflict, Refused)
}


def _raise_of(outcomes: Sequence[Outcome]) -> None:
    """Raise what stood in the way of the only act.

    Raises:
        TrothError: As the gate told it.
    """
    problem = outcomes[0].problem
    if problem is not None:
        kind = _ERRORS.get(problem.code, Unavailable)
        raise kind(problem.detail, clause=problem.clause, field=problem.field, mend=problem.mend)
