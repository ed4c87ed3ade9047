"""Newcomers of one unit of work, added together: a statement for each table, not for each person."""

from collections.abc import Sequence

from sqlalchemy import insert

from troth.storage import Lookup, Row, Statement, Transaction
from troth.vault.keyring import KeyRing
from troth.vault.life import LIVE
from troth.vault.model import WriteWant
from troth.vault.sealing import WRITE, NewestKeys, sealed_rows
from troth.vault.tables import identifier, person

ADD_PERSON = Statement(insert(person))
ADD_IDENTIFIER = Statement(insert(identifier))
FIND = Lookup(identifier, by=("kind", "blind"), take=("person", "record"))


class Settlers:
    """Newcomers who wait to be added.

    Args:
        tx: Unit of work.
        keys: The open key store.
        ahead: The keys made ahead for this unit of work.
        now: Its instant (microseconds).
    """

    def __init__(self, tx: Transaction, keys: KeyRing, ahead: NewestKeys, now: int) -> None:
        self._tx, self._keys, self._ahead, self._now = tx, keys, ahead, now
        self._people: list[Row] = []
        self._identifiers: dict[tuple[str, bytes], str] = {}
        self._sealed: list[Row] = []

    def take(self, want: WriteWant, pairs: Sequence[tuple[str, str]]) -> bool:
        """Seal a newcomer's values and put them with the others.

        Args:
            want: What to write, with its decision; the person was made for this unit of work.
            pairs: Identifiers, field names with normalised values.

        Returns:
            Whether it was done; False when an identifier stands already, or comes with another of them: nothing was done.

        Raises:
            NotPermitted: The decision does not allow a field.
            KeyMissing: A key was not prepared.
        """
        taken = [(kind, self._keys.blind(kind, value)) for kind, value in pairs]
        if not self._identifiers.keys().isdisjoint(taken) or (taken and self._tx.lookup(FIND, taken)):
            return False
        self._sealed += sealed_rows(self._keys, [want], self._ahead, self._now)
        self._people.append((want.person, self._now, want.policy, LIVE, 0))
        self._identifiers.update(dict.fromkeys(taken, want.person))
        return True

    def add(self) -> None:
        """Add those who wait; nobody waits afterwards.

        Raises:
            Conflict: Another process has just added somebody with one of the identifiers.
        """
        if not self._people:
            return
        self._tx.run_many(ADD_PERSON, self._people)
        if self._identifiers:
            self._tx.run_many(
                ADD_IDENTIFIER, [(*key, who, "") for key, who in sorted(self._identifiers.items())]
            )
        if self._sealed:
            self._tx.run_many(WRITE, self._sealed)
        self._people.clear()
        self._identifiers.clear()
        self._sealed.clear()
