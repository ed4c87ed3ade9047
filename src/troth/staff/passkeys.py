"""Passkeys of staff: two proofs in one, since the authenticator must know its owner."""

from collections.abc import Mapping
from typing import Any

from troth.accounts import Ceremonies, Made, NotSigned
from troth.kernel import Clock, Conflict, InvalidInput, NotFound, micros
from troth.staff import keeping
from troth.staff.model import Member, Passkey, Working, WrongSignIn
from troth.storage import Database

_SIGNING_IN = "staff sign-in"
_MOST, _MOST_NAME = 20, 60


class StaffPasskeys:
    """Adds passkeys of staff, and tells who signed by one.

    Args:
        database: The data database.
        clock: Dates them.
        ceremonies: Asks browsers and verifies their answers.
    """

    def __init__(self, database: Database, clock: Clock, ceremonies: Ceremonies) -> None:
        self._database = database
        self._clock = clock
        self._ceremonies = ceremonies

    def of(self, who: Working) -> list[Passkey]:
        """The passkeys of somebody."""
        with self._database.snapshot() as tx:
            return keeping.passkeys(tx, who.member.staff)

    def adding(self, who: Working) -> str:
        """The options (JSON) with which a browser makes a passkey for somebody; empty where they have as many as may be."""
        there = [one.credential for one in self.of(who)]
        if len(there) >= _MOST:
            return ""
        return self._ceremonies.adding(
            f"staff add {who.session}", bytes.fromhex(who.member.staff), who.member.name, there
        )

    def add(self, who: Working, credential: Mapping[str, Any], name: str) -> None:
        """Keep the passkey that a browser made.

        Raises:
            InvalidInput: It does not verify, was made for something else, or is kept already.
        """
        made = self._ceremonies.added(f"staff add {who.session}", credential)
        label = " ".join(name.split())[:_MOST_NAME] or "Passkey"
        now = micros(self._clock.now())
        try:
            with self._database.transaction() as tx:
                keeping.add_passkey(
                    tx, who.member.staff, made.credential, made.public_key, made.times, label, now
                )
        except Conflict as error:
            raise InvalidInput(
                "This passkey is kept already.", field="credential", mend="Use another."
            ) from error

    def remove(self, who: Working, credential: str) -> None:
        """Remove a passkey of somebody.

        Raises:
            NotFound: They have no such passkey.
        """
        with self._database.transaction() as tx:
            if not keeping.remove_passkey(tx, who.member.staff, credential):
                raise NotFound("You have no such passkey.", field="credential", mend="See the list.")

    def signing_in(self) -> str:
        """The options (JSON) with which a browser signs somebody in; they name nobody."""
        return self._ceremonies.signing_in(_SIGNING_IN)

    def signed(self, credential: Mapping[str, Any]) -> Member:
        """The member whose passkey signed a challenge of ours.

        Raises:
            WrongSignIn: It did not, is unknown, its counter went back, or its owner was shut out.
        """
        try:
            challenge = self._ceremonies.spent(_SIGNING_IN, credential)
        except InvalidInput:
            raise WrongSignIn from None
        identified = credential.get("id")
        with self._database.snapshot() as tx:
            found = keeping.passkey(tx, identified) if isinstance(identified, str) else None
            kept = keeping.member_by_id(tx, found[0]) if found is not None else None
        if found is None or kept is None or kept.member.disabled_at or not isinstance(identified, str):
            raise WrongSignIn
        try:
            count = self._ceremonies.signed(credential, challenge, Made(identified, found[1], found[2]))
        except NotSigned as error:
            raise WrongSignIn from error
        with self._database.transaction() as tx:
            keeping.count_passkey(tx, identified, count)
        return kept.member
