"""The vault: people, their identifiers and their sealed fields. Only the gate calls it, with a decision in hand."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, cast

import msgspec
from sqlalchemy import bindparam, delete

from troth.kernel import Conflict
from troth.policy import Field
from troth.storage import Lookup, Row, Statement, Transaction
from troth.vault import crypto
from troth.vault.keyring import KeyName, KeyRing
from troth.vault.life import HELD, KEPT, LIVE, hold_living, hold_persons
from troth.vault.model import PersonState, ReadWant, WriteWant, parted, slot_of
from troth.vault.sealing import WRITE, NewestKeys, check_allowed, missing_key, sealed_rows
from troth.vault.settling import ADD_IDENTIFIER, ADD_PERSON, FIND
from troth.vault.slots import NewestSlot
from troth.vault.stops import follow_identifiers, hashes_of
from troth.vault.tables import identifier, person, preference, sealed_field

_PEOPLE = Lookup(person, by=("person",), take=("policy", "state", "has_stances"))
_STANCES = Lookup(preference, by=("person",), take=("stance", "purpose"))
_FIELDS = Lookup(sealed_field, by=("person", "field"), take=("key_group", "policy", "generation", "sealed"))
_FIELDS_OF = Lookup(
    sealed_field, by=("person",), take=("field", "key_group", "policy", "generation", "sealed")
)
_VERSIONS = Lookup(sealed_field, by=("person", "field"), take=("policy",))
_NEWEST_FIELDS = NewestSlot(take=("field", "key_group", "policy", "generation", "sealed"))
_NEWEST_VERSIONS = NewestSlot(take=("policy",))
_FORGET_IDENTIFIER = Statement(
    delete(identifier).where(identifier.c.person == bindparam("who"), identifier.c.kind == bindparam("name"))
)
FieldName = tuple[str, str, str]
"""Person, field, record."""

_FEW = 3
"""Up to so many fields of a person are read one by one, more by one read of all that the person has."""
_decode = msgspec.json.Decoder().decode


class Vault:
    """People and their sealed fields.

    Args:
        keys: The open key store.
    """

    def __init__(self, keys: KeyRing) -> None:
        self.keys = keys

    def people(self, tx: Transaction, handles: Iterable[str]) -> dict[str, PersonState]:
        """What is known of people; a handle that nobody has, or whose erasure has begun, is absent."""
        rows = tx.lookup(_PEOPLE, [(one,) for one in handles])
        talkative = [key for key, (_, state, stances) in rows.items() if stances and state == LIVE]
        said = tx.lookup_all(_STANCES, talkative) if talkative else {}
        return {
            key[0]: PersonState(
                policy, tuple((s, p) for s, p in said.get(key, ())), state == HELD, state == KEPT
            )
            for key, (policy, state, _) in rows.items()
            if state in {LIVE, HELD, KEPT}
        }

    def versions(self, tx: Transaction, wanted: Sequence[FieldName]) -> dict[FieldName, str]:
        """The policy version under which each field (person, name, record) was collected; absent where there is none."""
        direct = {(who, slot_of(name, record)): (who, name, record) for who, name, record in wanted if record}
        bare = {(who, name) for who, name, record in wanted if not record}
        found = {direct[key[0], key[1]]: row[0] for key, row in tx.lookup(_VERSIONS, list(direct)).items()}
        for (who, name), (policy,) in tx.lookup(_NEWEST_VERSIONS, list(bare)).items():
            found[who, name, ""] = policy
        return found

    def find_persons(self, tx: Transaction, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Who has each identifier (field name, normalised value); absent where nobody has."""
        return {pair: who for pair, (who, _) in self.find_records(tx, wanted).items()}

    def find_records(
        self, tx: Transaction, wanted: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], tuple[str, str]]:
        """Who has each identifier (field name, normalised value), and in which record; absent where nobody has."""
        blinds = {(kind, self.keys.blind(kind, value)): (kind, value) for kind, value in wanted}
        rows = tx.lookup(FIND, list(blinds))
        return {blinds[kind, blind]: (row[0], row[1]) for (kind, blind), row in rows.items()}

    def whose(self, tx: Transaction, kind: str, blind: bytes) -> str:
        """Who has the identifier of a blind index; empty when nobody has."""
        row = tx.lookup(FIND, [(kind, blind)]).get((kind, blind))
        return str(row[0]) if row is not None else ""

    def read_fields(self, tx: Transaction, wants: Sequence[ReadWant]) -> list[dict[str, Any]]:
        """Open fields.

        Args:
            tx: Unit of work of the data database; in a snapshot taken before a re-keying, fields may lack their key.
            wants: What to read; each with its decision.

        Returns:
            For each want, values by field name; a field that the person does not have is absent.

        Raises:
            NotPermitted: A decision does not allow a field.
            KeyMissing: A key is gone.
            Tampered, MovedPerson, MovedField, MovedVersion: A value does not open; says why.
        """
        for want in wants:
            check_allowed(want.decision.permitted, want.decision.allowed, want.fields)
        rows, openers = self._sealed(tx, wants)
        return [
            {
                field.name: self._open(who, rows[who, field.name, record], openers)
                for field in fields
                if (who, field.name, record) in rows
            }
            for _, who, fields, record in wants
        ]

    def read_nobody(self, tx: Transaction, wants: Sequence[ReadWant]) -> None:
        """Look where the fields of nobody would be, in both stores, so that to be unknown takes no less work (clause I.4)."""
        _rows(tx, wants)
        self.keys.keys({(who, field.group, 1) for _, who, fields, _ in wants for field in fields})

    def open_rows(
        self, wants: Sequence[ReadWant], sealed: Mapping[str, Sequence[Row]]
    ) -> dict[str, dict[str, dict[str, Any]]]:
        """Open the rows of a page of people: by person and record (empty for the profile), the values by field name.

        Args:
            wants: Whose rows to open, and which fields of them; each with its decision.
            sealed: Rows by person as `page_of_people` gives them.

        Returns:
            The values; whose key is gone is absent.

        Raises:
            NotPermitted: A decision does not allow a field.
            Tampered, MovedPerson, MovedField, MovedVersion: A value does not open; says why.
        """
        rows: list[tuple[str, Row]] = []
        for want in wants:
            check_allowed(want.decision.permitted, want.decision.allowed, want.fields)
            names = {field.name for field in want.fields}
            rows += [(want.person, row) for row in sealed.get(want.person, ()) if parted(row[0])[0] in names]
        keys = self.keys.keys({(who, row[1], row[3]) for who, row in rows})
        found: dict[str, dict[str, dict[str, Any]]] = {want.person: {} for want in wants}
        openers: dict[KeyName, crypto.Opener] = {}
        for who, row in rows:
            name = (who, row[1], row[3])
            if name not in keys:
                found.pop(who, None)
            elif who in found:
                if name not in openers:  # one at a time: a page of ciphers costs more to hold than to make
                    openers = {name: crypto.Opener(keys[name], self.keys.marking)}
                field, record = parted(row[0])
                found[who].setdefault(record, {})[field] = self._open(who, cast("Any", row), openers)
        return found

    def create_persons(
        self, tx: Transaction, persons: Sequence[tuple[str, str]], now: int, *, held: bool = False
    ) -> None:
        """Add people (handle, version whose promises they have) at an instant (microseconds).

        What is held is a submission that waits for its confirmation; nobody finds it, and it is not read as a person.
        """
        state = HELD if held else LIVE
        tx.run_many(ADD_PERSON, [(handle, now, policy, state, 0) for handle, policy in persons])

    def add_identifiers(
        self,
        tx: Transaction,
        who: str,
        pairs: Sequence[tuple[str, str]],
        fields: Mapping[str, Field] | None = None,
        record: str = "",
        *,
        within: Collection[str] = (),
        fresh: bool = False,
    ) -> None:
        """Make a person findable by identifiers.

        A new value takes the place of the person's earlier one; values that are unique, such as order numbers, name things
        of which a person has several, and accumulate. A value that people share, such as a household's telephone number,
        finds only the first of them. What stands on the suppression list under a value that gives way stands there under the new
        one too: an opt-out survives (answer 26 of the register).

        Args:
            tx: Unit of work.
            who: Handle of the person.
            pairs: Field names with normalised values.
            fields: The declared fields; one that is not among them is taken by one person and has one value.
            record: A record of the person.
            within: Names of those that stand in the record; the others stand in the profile.
            fresh: Whether the person was just added, and so has no earlier values.

        Raises:
            Conflict: Somebody else has one that nobody shares, or what may stand once stands in another record; names the
                field and its clause.
        """
        taken = {(kind, self.keys.blind(kind, value)): kind for kind, value in pairs}
        if not taken:
            return
        found = tx.lookup(FIND, list(taken))
        stale = _replaced(taken, found, who, fields or {}, record, within)
        had = hashes_of(tx, who) if stale and not fresh else []
        if had:
            tx.run_many(_FORGET_IDENTIFIER, [{"who": who, "name": kind} for kind in stale])
        # A plain insert: giving way to a row that another process adds meanwhile would leave this person unfindable.
        tx.run_many(
            ADD_IDENTIFIER,
            [(*key, who, record if key[0] in within else "") for key in taken if key not in found],
        )
        follow_identifiers(tx, who, had)

    def keys_ahead(
        self, tx: Transaction, wanted: Mapping[str, set[str]], fresh: Collection[str], now: int
    ) -> NewestKeys:
        """The newest keys of people who will be written to in this unit of work; those that are missing are made.

        Keys are made in the key store's own commit, before any data under them. The people are held first, so that nobody
        destroys or replaces a key before the commit; those whose erasure has begun are left out.

        Args:
            tx: Unit of work.
            wanted: Key groups for each person.
            fresh: Those of them whose handle was made for this unit of work, so that nobody else knows it.
            now: The instant of making (microseconds).
        """
        there = [who for who in wanted if who not in fresh]
        held = hold_living(tx, there) if there else set()
        return self.keys.prepared(
            {who: wanted[who] for who in held}, {who: wanted[who] for who in wanted if who in fresh}, now
        )

    def write_fields(
        self, tx: Transaction, wants: Sequence[WriteWant], now: int, ahead: NewestKeys | None = None
    ) -> None:
        """Seal values at an instant (microseconds); their keys must have been prepared.

        Args:
            tx: Unit of work.
            wants: What to write; each with its decision.
            now: The instant.
            ahead: Keys of this very unit of work, from `keys_ahead`; of others they are read now.

        Raises:
            NotPermitted: A decision does not allow a field.
            KeyMissing: A key was not prepared, or is gone.
        """
        newest = ahead or {}
        others = {want.person for want in wants if want.person not in newest}
        if others:
            hold_persons(tx, list(others))
            newest = {**newest, **self.keys.newest_keys(others)}
        tx.run_many(WRITE, sealed_rows(self.keys, wants, newest, now))

    def _sealed(
        self, tx: Transaction, wants: Sequence[ReadWant]
    ) -> tuple[dict[FieldName, Row], dict[KeyName, crypto.Opener]]:
        """Sealed rows and what opens them, as far as there are any."""
        for last in (False, True):
            rows = _rows(tx, wants)
            names = {(place[0], row[1], row[3]) for place, row in rows.items()}
            keys = self.keys.keys(names)
            # A key that goes between the two reads is a re-keying that has just put a newer one in its place.
            if last or len(keys) == len(names):
                break
        marking = self.keys.marking
        return rows, {name: crypto.Opener(key, marking) for name, key in keys.items()}

    def _open(
        self,
        who: str,
        row: tuple[str, str, str, int, bytes],
        openers: Mapping[KeyName, crypto.Opener],
    ) -> Any:
        slot, group, policy, generation, sealed = row
        opener = openers.get((who, group, generation))
        if opener is None:
            raise missing_key(parted(slot)[0])
        return _decode(opener.unseal(crypto.Place(who, slot, policy, generation), sealed))


def _rows(tx: Transaction, wants: Sequence[ReadWant]) -> dict[FieldName, Row]:
    """The sealed rows wanted, each as (slot, key group, policy, generation, sealed)."""
    named: list[FieldName] = []
    bare: list[tuple[str, str]] = []
    many: dict[str, set[FieldName]] = {}
    for _, who, fields, record in wants:
        if len(fields) > _FEW:
            many.setdefault(who, set()).update((who, field.name, record) for field in fields)
        elif record:
            named += [(who, field.name, record) for field in fields]
        else:
            bare += [(who, field.name) for field in fields]
    rows: dict[FieldName, Row] = {}
    if named:
        direct = {(who, slot_of(name, record)): (who, name, record) for who, name, record in named}
        for key, row in tx.lookup(_FIELDS, list(direct)).items():
            rows[direct[key[0], key[1]]] = (key[1], *row)
    if bare:
        for (who, name), row in tx.lookup(_NEWEST_FIELDS, bare).items():
            rows[who, name, ""] = row
    if many:
        for (who,), slots in tx.lookup_all(_FIELDS_OF, [(who,) for who in many]).items():
            _choose(rows, who, slots, many[who])
    return rows


def _choose(rows: dict[FieldName, Row], who: str, slots: Sequence[Row], wanted: set[FieldName]) -> None:
    """The wanted ones of all that a person has; outside a record the profile comes before the newest record."""
    for row in sorted(slots, key=lambda row: parted(row[0])):
        name, record = parted(row[0])
        if (who, name, record) in wanted:
            rows[who, name, record] = row
        if (who, name, "") in wanted and (not record or "." in rows.get((who, name, ""), (".",))[0]):
            rows[who, name, ""] = row


def _replaced(
    taken: Mapping[tuple[str, bytes], str],
    found: Mapping[Row, Row],
    who: str,
    fields: Mapping[str, Field],
    record: str,
    within: Collection[str],
) -> list[str]:
    """Which kinds of identifiers give way to a person's new values.

    Args:
        taken: The new values' blind indexes, each with its kind.
        found: Who has them already, and in which record.
        who: Handle of the person.
        fields: The declared fields.
        record: The record that they stand in.
        within: Names of those that stand in it.

    Raises:
        Conflict: Somebody else has one that nobody shares, or what may stand once stands in another record.
    """
    stale = []
    for key, kind in taken.items():
        unique, shared = _kind(kind, fields)
        row = found.get(key)
        if row is not None and row[0] != who and not shared:
            raise _taken(kind, fields, "Somebody else has") if unique else _not_here(kind, fields)
        if row is not None and unique and kind in within and row[1] != record:
            raise _taken(kind, fields, "Another record has")
        if not unique and (row is None or row[0] != who):
            stale.append(kind)
    return stale


def _kind(name: str, fields: Mapping[str, Field]) -> tuple[bool, bool]:
    """Whether the values of an identifier accumulate, and whether several people may have one.

    An e-mail address belongs to one person even where it is not declared unique: records are joined by it.
    """
    field = fields.get(name)
    if field is None:
        return False, False
    return field.unique, field.type != "email" and not field.unique


def _not_here(name: str, fields: Mapping[str, Field] | None) -> Conflict:
    """That a value which says who somebody is cannot be put there; does not tell that anybody has it."""
    field = (fields or {}).get(name)
    return Conflict(
        f"This {name} cannot be put here; nothing was stored.",
        clause=field.clause if field else "",
        field=name,
        mend="Check it, or ask support.",
    )


def _taken(name: str, fields: Mapping[str, Field] | None, who: str) -> Conflict:
    field = (fields or {}).get(name)
    return Conflict(
        f"{who} this {name} already; nothing was stored.",
        clause=field.clause if field else "",
        field=name,
        mend="Check it, or ask support.",
    )
