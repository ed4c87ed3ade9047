"""Passkeys (WebAuthn Level 3): the two ceremonies, verified by py_webauthn; what verifies them is sealed like any field."""

from collections.abc import Mapping
from typing import Any

import msgspec

from troth.accounts.ceremonies import Ceremonies, Made, NotSigned, RelyingParty
from troth.accounts.challenges import Challenges
from troth.accounts.model import ACCOUNT, SIGN_IN, WrongCredentials, mailbox_field, passkey_fields, point_of
from troth.accounts.service import Accounts, raised
from troth.gate import Ask, Outcome
from troth.kernel import Clock, InvalidInput

MOST_PASSKEYS = 20
_MOST_NAME = 60
_SIGNING_IN = "sign-in"


class Kept(msgspec.Struct, frozen=True):
    """What is sealed of a passkey: its public key, how often it signed, and what its owner sees."""

    public_key: bytes
    count: int
    name: str
    added: str


class Passkeys:
    """Adds passkeys, and signs people in by them.

    Args:
        accounts: What acts are performed by.
        clock: Dates challenges and passkeys.
        party: Who they are for.
        challenges: Makes and takes back challenges.
    """

    def __init__(self, accounts: Accounts, clock: Clock, party: RelyingParty, challenges: Challenges) -> None:
        self._accounts = accounts
        self._clock = clock
        self._ceremonies = Ceremonies(party, challenges)

    def adding(self, key: str, person: str) -> str:
        """The options (JSON) with which a browser makes a passkey for somebody who is signed in."""
        there = self._ids(key, person)
        if len(there) >= MOST_PASSKEYS:
            raise InvalidInput(f"An account has at most {MOST_PASSKEYS} passkeys.", mend="Remove one first.")
        name = self._address(key, person)
        return self._ceremonies.adding(f"add {key}", bytes.fromhex(person), name, there)

    def add(self, key: str, person: str, credential: Mapping[str, Any], name: str) -> None:
        """Keep the passkey that a browser made.

        Raises:
            InvalidInput: It does not verify, or was made for something else.
        """
        found = self._ceremonies.added(f"add {key}", credential)
        label = " ".join(name.split())[:_MOST_NAME] or "Passkey"
        kept = Kept(found.public_key, found.times, label, self._clock.now().date().isoformat())
        outcome = self._accounts.perform([self._collecting(key, person, kept, identified=found.credential)])[
            0
        ]
        if outcome.problem is not None:
            raise raised(outcome.problem)

    def signing_in(self) -> str:
        """The options (JSON) with which a browser signs somebody in; they name nobody, so that nothing can be learned."""
        return self._ceremonies.signing_in(_SIGNING_IN)

    def sign_in(self, credential: Mapping[str, Any], device: str = "") -> str:
        """Open a session for the owner of a passkey that signed a challenge of ours; gives its key.

        Raises:
            WrongCredentials: It did not, is unknown, or its counter went back as a copy's does.
        """
        try:
            challenge = self._ceremonies.spent(_SIGNING_IN, credential)
        except InvalidInput:
            raise WrongCredentials from None
        identified = credential.get("id")
        if not isinstance(identified, str):
            raise WrongCredentials
        person, record, kept = self._found(identified)
        try:
            count = self._ceremonies.signed(
                credential, challenge, Made(identified, kept.public_key, kept.count)
            )
        except NotSigned as error:
            raise WrongCredentials from error
        counted = msgspec.structs.replace(kept, count=count)
        self._counted(person, record, identified, counted)
        return self._accounts.open_session(person=person, device=device)

    def _counted(self, person: str, record: str, identified: str, kept: Kept) -> None:
        ask = self._collecting(self._accounts.key(), person, kept, identified=identified)
        outcome = self._accounts.perform([msgspec.structs.replace(ask, record=record)])[0]
        if outcome.problem is not None:
            raise raised(outcome.problem)

    def _found(self, identified: str) -> tuple[str, str, Kept]:
        """Whose a passkey is, its record, and what verifies it."""
        accounts, key = self._accounts, self._accounts.key()
        number, verifying = passkey_fields(accounts.policy())
        ask = Ask(
            act="use", purpose=SIGN_IN, key=key, identify={number: identified}, fields=(number, verifying)
        )
        (owner,) = accounts.perform([ask])
        if owner.problem is not None or not owner.person:
            raise WrongCredentials
        records = accounts.passkey_records(key, owner.person)
        for record, outcome in zip(records, self._read(key, owner.person, records), strict=True):
            if outcome.values.get(number) == identified:
                return owner.person, record, msgspec.json.decode(outcome.values[verifying], type=Kept)
        raise WrongCredentials

    def _read(self, key: str, person: str, records: list[str]) -> list[Outcome]:
        fields = passkey_fields(self._accounts.policy())
        return self._accounts.perform(
            [
                Ask(act="use", purpose=SIGN_IN, key=key, person=person, fields=fields, record=record)
                for record in records
            ]
        )

    def _ids(self, key: str, person: str) -> list[str]:
        number, _ = passkey_fields(self._accounts.policy())
        read = self._read(key, person, self._accounts.passkey_records(key, person))
        return [str(outcome.values[number]) for outcome in read if number in outcome.values]

    def _address(self, key: str, person: str) -> str:
        """The address that a browser shows beside the passkey, so that people tell their accounts apart."""
        name = mailbox_field(self._accounts.policy())
        ask = Ask(act="use", purpose=ACCOUNT, key=key, person=person, fields=(name,))
        (outcome,) = self._accounts.perform([ask])
        if outcome.problem is not None:
            raise raised(outcome.problem)
        return str(outcome.values.get(name, ""))

    def _collecting(self, key: str, person: str, kept: Kept, *, identified: str) -> Ask:
        policy = self._accounts.policy()
        point = point_of(policy, "passkey")
        number, verifying = passkey_fields(policy)
        return Ask(
            act="collect",
            purpose=SIGN_IN,
            key=key,
            person=person,
            point=point.name,
            notice=str(point.notice),
            channel=point.channels[0],
            values={number: identified, verifying: msgspec.json.encode(kept).decode()},
        )
