"""Accounts through the gate: in the name of the pages before somebody is signed in, in their own name after."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import structs

from troth.accounts.model import (
    ACCOUNT,
    SIGN_IN,
    Way,
    WrongCredentials,
    mailbox_field,
    passkey_fields,
    password_field,
    point_of,
)
from troth.accounts.passwords import Passwords
from troth.collection import Collection
from troth.gate import Ask, Outcome, Problem
from troth.kernel import NotFound, Refused, TrothError, Unauthenticated, Unavailable
from troth.policy import Field, Policy

Perform = Callable[[Sequence[Ask]], list[Outcome]]
_NOBODY = "not-found"


class ProfileField(NamedTuple):
    """A field of the profile with its value, None where there is none."""

    field: Field
    value: Any
    required: bool


class Profile(NamedTuple):
    """What somebody sees of their own account.

    Args:
        person: Handle.
        fields: Fields of the account's point that a person writes.
        has_password: Whether a password is set.
        passkeys: The passkeys.
    """

    person: str
    fields: tuple[ProfileField, ...]
    has_password: bool
    passkeys: tuple[Way, ...]


class OpenSession(NamedTuple):
    """A session as its owner sees it.

    Args:
        session: Its id.
        device: Coarse name of the device, empty where it was not told.
        opened: Instant of the sign-in.
        ends: Instant at which it ends by itself.
        own: Whether it is the one that asks.
    """

    session: str
    device: str
    opened: datetime
    ends: datetime
    own: bool


class Closed(NamedTuple):
    """A closed account: the ledger entry of the erasure, and whether the mailbox was written to."""

    entry: str
    told: bool


class Accounts:
    """What visitors do with accounts.

    Args:
        perform: Performs acts; the gate's, or what shares its commits.
        policy: Gives the version in force.
        key: Gives the API key of the pages.
        closing: Writes to somebody (handle), in a language, that the account is being closed; must not fail. Tells whether it
            wrote.
    """

    def __init__(
        self,
        *,
        perform: Perform,
        policy: Callable[[], Policy],
        key: Callable[[], str],
        closing: Callable[[str, str], bool],
    ) -> None:
        self.perform = perform
        self.policy = policy
        self.key = key
        self._closing = closing
        self._passwords = Passwords()

    def ask_link(self, address: str, language: str = "") -> None:
        """Have a link to sign in sent, if somebody has this address.

        The address is held like any submission that its mailbox is to confirm, whoever has it; what the mailbox is sent
        is decided when the mail is made. So the same work is done for an address that nobody has (clause I.4).

        Args:
            address: As somebody typed it.
            language: Of the page (BCP 47); empty for that of the policy.

        Raises:
            InvalidSubmission: It is no address.
        """
        policy = self.policy()
        point = point_of(policy, "sign-in")
        body = {
            "channel": point.channels[0],
            "notice": str(point.notice),
            "values": {mailbox_field(policy): address},
        }
        ask = Collection(self.policy, self.key()).submission(point.name, body)
        self._done(structs.replace(ask, language=language))

    def sign_in_by_link(self, secret: str, device: str = "") -> str:
        """Open a session for whoever was sent a link; gives its key.

        Raises:
            NotFound: The link was used already, or its time is over.
        """
        return self.open_session(proof=secret, device=device)

    def sign_in_by_password(self, address: str, password: str, device: str = "") -> str:
        """Open a session for whoever has an address and a password; gives its key.

        Raises:
            WrongCredentials: They do not belong together; as much is done and told where nobody has the address.
        """
        policy = self.policy()
        kept = password_field(policy)
        ask = Ask(
            act="use",
            purpose=SIGN_IN,
            key=self.key(),
            identify={mailbox_field(policy): address},
            fields=(kept,),
        )
        (outcome,) = self.perform([ask])
        problem = outcome.problem
        if problem is not None and problem.code not in {_NOBODY, "refused", "invalid-input"}:
            raise raised(problem)
        if not self._passwords.fits(outcome.values.get(kept), password) or not outcome.permitted:
            raise WrongCredentials
        return self.open_session(person=outcome.person, device=device)

    def open_session(self, *, person: str = "", proof: str = "", device: str = "") -> str:
        """Open a session for somebody who was made out, or for whoever a secret from a mailbox names; gives its key.

        Args:
            person: Handle.
            proof: Secret from a mailbox.
            device: Coarse name of the device, which the person tells sessions apart by.
        """
        ask = Ask(
            act="instruct",
            purpose=SIGN_IN,
            key=self.key(),
            order="open-session",
            person=person,
            proof=proof,
            device=device,
        )
        return str(self._done(ask).values["session"])

    def sessions(self, key: str, person: str) -> tuple[OpenSession, ...]:
        """The sessions of somebody, newest first."""
        ask = Ask(act="instruct", purpose=SIGN_IN, key=key, person=person, order="list-sessions")
        return tuple(_session(one) for one in self._done(ask).values["sessions"])

    def end_session(self, key: str, person: str, session: str) -> None:
        """End one session of somebody.

        Raises:
            NotFound: They have no such session.
        """
        ask = Ask(
            act="instruct", purpose=SIGN_IN, key=key, person=person, order="close-session", session=session
        )
        self._done(ask)

    def sign_out(self, key: str, person: str, *, everywhere: bool = False) -> None:
        """End the session of a key, or every session of its person."""
        order = "close-sessions" if everywhere else "close-session"
        self._done(Ask(act="instruct", purpose=SIGN_IN, key=key, person=person, order=order))

    def profile(self, key: str, person: str) -> Profile:
        """What somebody sees of their own account, read in their own name."""
        policy = self.policy()
        point = point_of(policy, "account")
        fields = [policy.fields[name] for name in point.fields if policy.fields[name].klass == "personal"]
        read, has = self.perform(
            [
                Ask(act="use", purpose=ACCOUNT, key=key, person=person, fields=tuple(f.name for f in fields)),
                Ask(act="use", purpose=SIGN_IN, key=key, person=person, fields=(password_field(policy),)),
            ]
        )
        if read.problem is not None:
            raise raised(read.problem)
        shown = tuple(
            ProfileField(field, read.values.get(field.name), point.fields[field.name] == "required")
            for field in fields
        )
        return Profile(person, shown, bool(has.values), self.passkeys(key, person))

    def passkeys(self, key: str, person: str) -> tuple[Way, ...]:
        """The passkeys of somebody, in the name of a key that may list them."""
        import msgspec

        _, verifying = passkey_fields(self.policy())
        records = self.passkey_records(key, person)
        asks = [
            Ask(act="use", purpose=SIGN_IN, key=key, person=person, fields=(verifying,), record=one)
            for one in records
        ]
        ways = []
        for record, outcome in zip(records, self.perform(asks), strict=True):
            if verifying in outcome.values:
                kept = msgspec.json.decode(outcome.values[verifying])
                ways.append(Way(record, kept["name"], kept["added"]))
        return tuple(ways)

    def passkey_records(self, key: str, person: str) -> list[str]:
        """Ids of the records that hold somebody's passkeys."""
        kind = point_of(self.policy(), "passkey").record or ""
        ask = Ask(act="instruct", purpose=SIGN_IN, key=key, person=person, order="list-records", kind=kind)
        return [str(one["record"]) for one in self._done(ask).values["records"]]

    def save(self, key: str, person: str, values: Mapping[str, Any]) -> None:
        """Keep what somebody wrote into their profile, and erase what they emptied.

        Raises:
            InvalidSubmission: Something is malformed; nothing was changed.
            Refused: A new mail address: it counts only after its mailbox confirmed it.
        """
        policy = self.policy()
        point = point_of(policy, "account")
        body = {"channel": point.channels[0], "notice": str(point.notice), "values": dict(values)}
        ask = Collection(self.policy, key).submission(point.name, body, age_passed=True)
        asks = [structs.replace(ask, person=person)]
        emptied = tuple(
            name for name, value in values.items() if name not in ask.values and value in ("", None)
        )
        if emptied:
            asks.append(Ask(act="erase", purpose=ACCOUNT, key=key, person=person, fields=emptied))
        for outcome in self.perform(asks):
            if outcome.problem is not None:
                raise raised(outcome.problem)

    def change_address(self, key: str, person: str, address: str, language: str = "") -> None:
        """Ask for another address: its mailbox is written to, and it counts once confirmed by whoever is signed in.

        What is done and told is the same whether or not somebody else has the address (clause I.4).

        Raises:
            InvalidSubmission: It is no address.
            InvalidInput: It is the address that the person has.
        """
        policy = self.policy()
        point = point_of(policy, "address")
        body = {
            "channel": point.channels[0],
            "notice": str(point.notice),
            "values": {mailbox_field(policy): address},
        }
        ask = Collection(self.policy, key).submission(point.name, body)
        self._done(structs.replace(ask, person=person, language=language))

    def set_password(self, key: str, person: str, password: str) -> None:
        """Set or change the password of somebody who is signed in; every other session of theirs ends.

        Raises:
            InvalidInput: It is too short or too long.
        """
        policy = self.policy()
        point = point_of(policy, "password")
        ask = Ask(
            act="collect",
            purpose=SIGN_IN,
            key=key,
            person=person,
            point=point.name,
            notice=str(point.notice),
            channel=point.channels[0],
            values={password_field(policy): self._passwords.hashed(password)},
        )
        self._done(ask, self._ending_others(key, person))

    def remove_password(self, key: str, person: str) -> None:
        """Remove the password, and end every other session; a link to the mailbox still signs in."""
        fields = (password_field(self.policy()),)
        ask = Ask(act="erase", purpose=SIGN_IN, key=key, person=person, fields=fields)
        self._done(ask, self._ending_others(key, person))

    def remove_passkey(self, key: str, person: str, record: str) -> None:
        """Remove a passkey, as of a device that was lost, and end every other session."""
        if record not in self.passkey_records(key, person):
            raise NotFound("The account has no such passkey.", field="record", mend="See the list.")
        fields = passkey_fields(self.policy())
        ask = Ask(act="erase", purpose=SIGN_IN, key=key, person=person, fields=fields, record=record)
        self._done(ask, self._ending_others(key, person))

    def close(self, key: str, person: str, language: str = "") -> Closed:
        """Close the account and erase the person. The mailbox is written to first, while it is known."""
        told = self._closing(person, language)
        return Closed(self._done(Ask(act="erase", purpose=ACCOUNT, key=key, person=person)).entry, told)

    def _ending_others(self, key: str, person: str) -> Ask:
        """The order that ends every session of somebody but the one that asks."""
        return Ask(act="instruct", purpose=SIGN_IN, key=key, person=person, order="close-other-sessions")

    def _done(self, *asks: Ask) -> Outcome:
        """Perform acts in one unit of work; gives the outcome of the first."""
        outcomes = self.perform(asks)
        for outcome in outcomes:
            if outcome.problem is not None:
                raise raised(outcome.problem)
        return outcomes[0]


def _session(told: Mapping[str, Any]) -> OpenSession:
    instants = {name: datetime.fromisoformat(told[name]) for name in ("opened", "ends")}
    return OpenSession(told["session"], told["device"], own=told["own"], **instants)


def raised(problem: Problem) -> TrothError:
    """A problem as the error that it tells of."""
    kinds: dict[str, type[TrothError]] = {
        one.code: one for one in (NotFound, Refused, Unauthenticated, Unavailable)
    }
    from troth.kernel import Conflict, InvalidInput

    kinds |= {Conflict.code: Conflict, InvalidInput.code: InvalidInput}
    kind = kinds.get(problem.code, TrothError)
    return kind(problem.detail, mend=problem.mend, clause=problem.clause, field=problem.field)
