"""Signing in at the console. A session is an API key of its own under the member's role, so that every act goes by the policy."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from troth.accounts import Passwords
from troth.gate import Actor, Ask, Outcome, extend_key, issue_key, revoke_key
from troth.kernel import Clock, NotFound, Refused, Unauthenticated, from_micros, micros
from troth.policy import Policy
from troth.staff import keeping
from troth.staff.codes import Codes, new_seed, plain_recovery
from troth.staff.keeping import Kept
from troth.staff.model import Limits, Member, Seat, Working, WrongSignIn, desk_purpose, grants
from troth.storage import Database, Transaction

Along = Callable[[Transaction, Sequence[Outcome]], None]
PerformAlong = Callable[[Sequence[Ask], Along], list[Outcome]]
_MICROSECOND = timedelta(microseconds=1)
_NOTED = timedelta(minutes=1)
"""How often it is noted that somebody is at work, so that looking writes seldom."""


class Staff:
    """What people at the console do to be there.

    Args:
        database: The data database.
        perform: Performs acts together with rows of this room in one unit of work; the gate's.
        actor: Who stands behind a key.
        policy: Gives the version in force.
        clock: Dates everything.
        codes: Checks codes.
        passwords: Compares hashes.
        limits: How long sessions last.
    """

    def __init__(
        self,
        *,
        database: Database,
        perform: PerformAlong,
        actor: Callable[[str], Actor],
        policy: Callable[[], Policy],
        clock: Clock,
        codes: Codes,
        passwords: Passwords,
        limits: Limits,
    ) -> None:
        self._database = database
        self._perform = perform
        self._actor = actor
        self._policy = policy
        self._clock = clock
        self._codes = codes
        self._passwords = passwords
        self.limits = limits
        self._nobodys = new_seed()

    def sign_in(self, name: str, password: str, code: str, device: str = "") -> str:
        """Open a session for whoever knows the password and has the second factor; gives its key.

        Args:
            name: What they sign in by.
            password: Their password.
            code: Of their authenticator, or one of their recovery codes; each counts once.
            device: Coarse name of the device.

        Raises:
            WrongSignIn: Something of it is wrong, the name is unknown, or they were shut out.
            Refused: The policy lets the role sign in no more.
        """
        with self._database.snapshot() as tx:
            kept = keeping.member_by_name(tx, name.strip().casefold())
        return self.begin(self._proven(kept, password, code), device)

    def confirm(self, who: Working, password: str, code: str) -> None:
        """Let who works here show again who they are, before something that cannot be undone.

        Raises:
            WrongSignIn: Something of it is wrong.
        """
        with self._database.snapshot() as tx:
            kept = keeping.member_by_id(tx, who.member.staff)
        self._proven(kept, password, code)
        self.note_proven(who)

    def note_proven(self, who: Working) -> None:
        """Note that they have shown again who they are."""
        with self._database.transaction() as tx:
            keeping.prove_session(tx, who.session, micros(self._clock.now()))

    def begin(self, member: Member, device: str, proven_at: int | None = None) -> str:
        """Open a session for a member who was made out; gives its key. That it began is an act, decided and recorded.

        Args:
            member: Who.
            device: Coarse name of the device.
            proven_at: When they showed who they are (microseconds); None for just now.

        Raises:
            Refused: The policy lets the role sign in no more.
        """
        now = self._clock.now()
        policy = self._policy()
        purposes, cases = grants(policy, member)
        with self._database.transaction() as tx:
            key, key_id = issue_key(
                tx, name=member.title, role=member.role, purposes=purposes, cases=cases, now=now,
                expires=now + min(self.limits.idle, self.limits.longest), holder=member.staff,
            )  # fmt: skip

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            if outcomes[0].permitted:
                at = micros(now)
                ends = at + self.limits.longest // _MICROSECOND
                keeping.open_session(tx, key_id, member.staff, at, ends, device)
                if proven_at is not None:
                    keeping.prove_session(tx, key_id, min(proven_at, at))
                keeping.note_seen(tx, member.staff, at)
            else:
                revoke_key(tx, key_id, now)

        (outcome,) = self._perform(
            [Ask(act="instruct", purpose=desk_purpose(policy), key=key, order="begin-work")], along
        )
        if outcome.problem is not None:
            raise Refused(
                "The policy does not let this role sign in.",
                clause=outcome.problem.clause,
                mend="Ask whoever keeps the policy.",
            )
        return key

    def working(self, key: str) -> Working | None:
        """Who works in the session of a key; None when it is over, or is no session. Notes that they are there."""
        try:
            actor = self._actor(key)
        except Unauthenticated:
            return None
        if not actor.holder:
            return None
        now = micros(self._clock.now())
        with self._database.snapshot() as tx:
            session = keeping.session(tx, actor.key_id)
            kept = keeping.member_by_id(tx, actor.holder)
        if session is None or kept is None or kept.member.disabled_at or session.ends_at <= now:
            return None
        if now - session.seen_at >= _NOTED // _MICROSECOND:
            until = min(now + self.limits.idle // _MICROSECOND, session.ends_at)
            with self._database.transaction() as tx:
                keeping.touch_session(tx, actor.key_id, now)
                extend_key(tx, actor.key_id, until)
        return Working(kept.member, key, actor.key_id, session.opened_at, session.proven_at)

    def sessions(self, who: Working) -> list[Seat]:
        """Where somebody is signed in, newest first."""
        with self._database.snapshot() as tx:
            found = keeping.sessions_of(tx, who.member.staff, micros(self._clock.now()))
        idle = self.limits.idle // _MICROSECOND
        now = micros(self._clock.now())
        return [one for one in found if one.seen_at + idle > now or one.session == who.session]

    def end(self, who: Working, session: str = "") -> None:
        """End a session of one's own; left out, the present one.

        Raises:
            NotFound: There is none.
        """
        which = session or who.session
        with self._database.transaction() as tx:
            if not keeping.close_session(tx, which, who.member.staff):
                raise NotFound("No session has this id.", field="which", mend="See the list of sessions.")
            with suppress(NotFound):  # its time was over already
                revoke_key(tx, which, self._clock.now())

    def until(self, who: Working) -> str:
        """When a session ends at the latest (ISO 8601)."""
        return from_micros(who.opened_at + self.limits.longest // _MICROSECOND).isoformat()

    def _proven(self, kept: Kept | None, password: str, code: str) -> Member:
        """The member that password and code are of; the same work is done for a name that nobody has."""
        fits = self._passwords.fits(kept.password if kept is not None else None, password)
        seed = kept.seed if kept is not None and kept.seed else self._nobodys
        step = self._codes.step(seed, code, self._clock.now())
        digest = self._codes.digest(plain_recovery(code))
        if kept is None or not fits or kept.member.disabled_at:
            raise WrongSignIn
        with self._database.transaction() as tx:
            who = kept.member.staff
            good = keeping.use_step(tx, who, step) if step >= 0 else keeping.use_code(tx, who, digest)
        if not good:
            raise WrongSignIn
        return kept.member
