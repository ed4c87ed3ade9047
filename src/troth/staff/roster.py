"""Who works at the console: adding people, inviting them, shutting them out."""

import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from troth.accounts import Passwords
from troth.gate import revoke_held
from troth.kernel import Clock, Conflict, InvalidInput, NotFound, micros, new_id
from troth.policy import Policy
from troth.staff import keeping
from troth.staff.codes import Codes, new_recovery, new_seed, new_token
from troth.staff.keeping import Kept
from troth.staff.model import INVITED, Member, is_staff
from troth.storage import Database, Transaction

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,98}[a-z0-9]")
_MOST_TITLE = 120
_MICROSECOND = timedelta(microseconds=1)


class Roster:
    """The people who work at the console.

    Args:
        database: The data database.
        policy: Gives the version in force, whose roles there are.
        clock: Dates everything.
        codes: Makes codes and links.
        passwords: Makes hashes.
    """

    def __init__(
        self,
        *,
        database: Database,
        policy: Callable[[], Policy],
        clock: Clock,
        codes: Codes,
        passwords: Passwords,
    ) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock
        self.codes = codes
        self._passwords = passwords

    def add(
        self,
        *,
        name: str,
        title: str,
        role: str,
        purposes: Sequence[str] = (),
        cases: Sequence[str] = (),
        subject: str = "",
    ) -> tuple[Member, str]:
        """Add somebody; gives them and the secret of their invitation, shown this once.

        Args:
            name: What they sign in by.
            title: Their name for the audit log.
            role: Role of the policy.
            purposes: Data uses that they may serve; none for all that the policy permits the role.
            cases: Kinds of case that they may cite; none for those that the policy gives the role.
            subject: Who they are at the company's own provider: issuer, a blank, subject.

        Raises:
            InvalidInput: The name is none.
            NotFound: The policy declares no such role of staff.
            Conflict: Somebody has this name.
        """
        self._check_role(role)
        token, now = new_token(), micros(self._clock.now())
        member = _newcomer(name, title, role, now)._replace(
            purposes=tuple(purposes), cases=tuple(cases), subject=subject
        )
        with self._database.transaction() as tx:
            if keeping.member_by_name(tx, member.name) is not None:
                raise Conflict("Somebody has this name.", field="name", mend="See `troth staff list`.")
            keeping.add_member(tx, member, new_seed(), self.codes.digest(token))
        return member, token

    def members(self) -> list[Member]:
        """Everybody, by name."""
        with self._database.snapshot() as tx:
            return keeping.members(tx)

    def titles(self, ids: Iterable[str]) -> dict[str, str]:
        """The names of members by id; a key's or a forgotten member's id is absent."""
        with self._database.snapshot() as tx:
            found = {staff: keeping.member_by_id(tx, staff) for staff in {*ids} - {""}}
        return {staff: kept.member.title for staff, kept in found.items() if kept is not None}

    def reset(self, name: str) -> tuple[Member, str]:
        """Let somebody begin anew with another invitation: password, second factor and passkeys are forgotten, sessions end."""
        token, now = new_token(), self._clock.now()
        until = micros(now) + INVITED // _MICROSECOND
        with self._database.transaction() as tx:
            member = _named(tx, name).member
            keeping.invite_member(tx, member.staff, new_seed(), self.codes.digest(token), until)
            self._end_all(tx, member.staff)
        return member._replace(invited_until=until, ready=False, disabled_at=0), token

    def disable(self, name: str) -> Member:
        """Shut somebody out, at once."""
        with self._database.transaction() as tx:
            member = _named(tx, name).member
            keeping.disable_member(tx, member.staff, micros(self._clock.now()))
            self._end_all(tx, member.staff)
        return member

    def invited(self, token: str) -> tuple[Member, str]:
        """Whose an invitation is, and the seed of the second factor that comes with it.

        Raises:
            NotFound: It is none, was used, or its time is over.
        """
        with self._database.snapshot() as tx:
            kept = self._invited(tx, token)
        return kept.member, kept.seed

    def enrol(self, token: str, password: str, code: str) -> list[str]:
        """Use an invitation: keep a password, and the second factor whose code was given; gives recovery codes.

        Raises:
            NotFound: The invitation is none, was used, or its time is over.
            InvalidInput: The password is too short, or the code is not the present one.
        """
        hashed = self._passwords.hashed(password)
        recovery = new_recovery()
        with self._database.transaction() as tx:
            kept = self._invited(tx, token)
            step = self.codes.step(kept.seed, code, self._clock.now())
            if step < 0:
                raise InvalidInput(
                    "The code is not the one of this moment; nothing was kept.",
                    field="code",
                    mend="Type the six digits that your authenticator shows now; its clock must be right.",
                )
            if not keeping.enrol_member(tx, kept.member.staff, self.codes.digest(token), hashed, step):
                raise _no_invitation()
            digests = [self.codes.digest(one) for one in recovery]
            keeping.add_codes(tx, kept.member.staff, digests)
        return recovery

    def clear(self, keep: timedelta) -> int:
        """Forget those who were shut out so long ago, and sessions that are over; gives the number of people."""
        now = self._clock.now()
        with self._database.transaction() as tx:
            keeping.clear_sessions(tx, micros(now))
            gone = keeping.members_gone(tx, micros(now - keep))
            for staff in gone:
                keeping.remove_member(tx, staff)
        return len(gone)

    def _check_role(self, role: str) -> None:
        roles = self._policy().roles
        if role not in roles or not is_staff(role):
            known = ", ".join(sorted(one for one in roles if is_staff(one)))
            raise NotFound(
                f"The policy declares no role of staff {role[:64]!r}.",
                field="role",
                mend=f"Use one of {known}.",
            )

    def _invited(self, tx: Transaction, token: str) -> Kept:
        kept = keeping.member_by_invitation(tx, self.codes.digest(token)) if token else None
        if kept is None or kept.member.invited_until <= micros(self._clock.now()):
            raise _no_invitation()
        return kept

    def _end_all(self, tx: Transaction, staff: str) -> None:
        keeping.close_sessions(tx, staff)
        revoke_held(tx, staff, self._clock.now())


def read_name(text: str) -> str:
    """A name to sign in by, as it is kept.

    Raises:
        InvalidInput: It has other characters, or is too long.
    """
    plain = text.strip().casefold()
    if not _NAME.fullmatch(plain):
        raise InvalidInput(
            "That is no name to sign in by.",
            field="name",
            mend="Use 3 to 100 small letters, digits and . _ @ + -, such as ann.example.",
        )
    return plain


def unguessable_name() -> str:
    """A name that nobody signs in by, for those who come from the company's provider."""
    return f"company-{secrets.token_hex(8)}"


def _newcomer(name: str, title: str, role: str, now: int) -> Member:
    """Somebody who was just invited, at an instant (microseconds)."""
    plain = read_name(name)
    return Member(
        new_id(),
        plain,
        " ".join(title.split())[:_MOST_TITLE] or plain,
        role,
        (),
        (),
        "",
        now,
        0,
        0,
        now + INVITED // _MICROSECOND,
        ready=False,
    )


def _named(tx: Transaction, name: str) -> Kept:
    kept = keeping.member_by_name(tx, name.strip().casefold())
    if kept is None:
        raise NotFound("Nobody of staff has this name.", field="name", mend="See `troth staff list`.")
    return kept


def _no_invitation() -> NotFound:
    return NotFound(
        "This invitation was used already, or its time is over.",
        clause="IV.2",
        mend="Ask whoever runs the service for another: `troth staff reset`.",
    )
