"""Signing in by the company's own OpenID provider: who somebody is there, and in which role they work here."""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from troth.accounts import Challenges
from troth.kernel import Clock, micros, new_id
from troth.policy import Policy
from troth.staff import keeping
from troth.staff.model import Member, WrongSignIn, is_staff
from troth.staff.roster import unguessable_name
from troth.storage import Database

_USE = "staff company"


class Known(Protocol):
    """What a provider said of somebody."""

    @property
    def subject(self) -> str:
        """Issuer, a blank, subject."""

    @property
    def name(self) -> str:
        """What people call them."""

    @property
    def groups(self) -> Sequence[str]:
        """Their groups."""


class Question(NamedTuple):
    """What is asked of a provider about one browser.

    Args:
        kept: What that browser keeps meanwhile.
        state: Comes back with the answer.
        nonce: Stands in what the provider says.
        verifier: Proves that we asked.
    """

    kept: str
    state: str
    nonce: str
    verifier: str


class CompanySignIn:
    """Sends people to the provider, and makes out who came back.

    Nothing is kept of a question: state, nonce and verifier follow from a challenge in the browser's cookie and our secret.

    Args:
        database: The data database.
        clock: Dates what is added.
        challenges: Makes what counts once, for ten minutes.
        secret: Of the web's pages.
        policy: Gives the version in force.
        groups: `GROUP=ROLE` each.
        create: Whether whose group has a role is added.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        challenges: Challenges,
        secret: bytes,
        policy: Callable[[], Policy],
        groups: Sequence[str],
        create: bool,
    ) -> None:
        self._database = database
        self._clock = clock
        self._challenges = challenges
        self._secret = secret
        self._policy = policy
        self._groups = [tuple(one.rpartition("=")[::2]) for one in groups]
        self._create = create

    def ask(self, following: str) -> Question:
        """A fresh question; `following` is where its asker goes on to."""
        return self._question(f"{self._challenges.make(_USE).hex()}.{following.encode().hex()}")

    def answered(self, kept: str, state: str) -> tuple[Question, str]:
        """The question that a browser came back with, used up now, and where its asker goes on to.

        Raises:
            WrongSignIn: It is none of ours, is over, was used, or another browser's.
        """
        head, _, tail = kept.partition(".")
        question = self._question(kept)
        try:
            challenge, following = bytes.fromhex(head), bytes.fromhex(tail).decode()
        except ValueError:
            raise WrongSignIn from None
        if not hmac.compare_digest(question.state.encode(), state.encode("utf-8", "replace")):
            raise WrongSignIn
        if not self._challenges.spend(_USE, challenge):
            raise WrongSignIn
        return question, following

    def member(self, said: Known) -> Member:
        """Who somebody is here. Where groups are set, one of theirs must have a role, which is theirs from now on.

        Raises:
            WrongSignIn: Nobody here is known to be them, they were shut out, or none of their groups has a role.
        """
        roles = self._policy().roles
        role = next(
            (
                role
                for group, role in self._groups
                if group in said.groups and role in roles and is_staff(role)
            ),
            "",
        )
        if self._groups and not role:
            raise WrongSignIn
        with self._database.transaction() as tx:
            kept = keeping.member_by_subject(tx, said.subject)
            if kept is None:
                if not (self._create and role):
                    raise WrongSignIn
                now = micros(self._clock.now())
                name = unguessable_name()
                title = " ".join(said.name.split())[:120] or name
                member = Member(new_id(), name, title, role, (), (), said.subject, now, 0, 0, 0, ready=False)
                keeping.add_member(tx, member, "", b"")
                return member
            if kept.member.disabled_at:
                raise WrongSignIn
            if role and role != kept.member.role:
                keeping.set_role(tx, kept.member.staff, role)
        return kept.member._replace(role=role or kept.member.role)

    def _question(self, kept: str) -> Question:
        def made(part: str) -> str:
            return hmac.new(
                self._secret, f"company {part}\0{kept}".encode("utf-8", "replace"), hashlib.sha256
            ).hexdigest()

        return Question(kept, made("state"), made("nonce"), made("verifier"))
