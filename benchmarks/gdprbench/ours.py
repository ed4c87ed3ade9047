"""Troth's side of the mix: every operation is acts through the gate, each decided, sealed and in the ledger."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import troth
from benchmarks.gdprbench import document as uses
from benchmarks.gdprbench.mix import (
    DECISIONS,
    OBJECTIONS,
    PER_USER,
    PURPOSES,
    SHARES,
    SLOTS,
    TERMS,
    Meta,
    Operation,
    data_of,
    meta_of,
)
from benchmarks.gdprbench.oracle import Row, digest
from troth import Ask, Outcome
from troth.gate import SharedCommits
from troth.ledger import journal

_AT_ONCE = 250
_NOT_FOUND = 404
_FIELDS = tuple(f"r{number:02d}" for number in range(SLOTS))
_LOADED = _FIELDS[:PER_USER]
_LOGS = 100
_BELOW = f"{uses.BASE}."


class Ours:
    """A Troth folder with the users of the mix.

    Args:
        folder: Where to make it.
        users: How many users.
        database_url: A postgresql:// URL for the data; empty for SQLite.
        keystore_url: The same for the key store.
    """

    def __init__(self, folder: Path, users: int, database_url: str = "", keystore_url: str = "") -> None:
        folder.mkdir()
        policy = folder / "policy.md"
        policy.write_text(uses.document(), encoding="utf-8")
        made = troth.init_folder(
            folder / "data", policy=policy, database_url=database_url, keystore_url=keystore_url
        )
        self._key = made.admin_key
        self._users = users
        self._troth = troth.open(folder / "data")
        self._shared = SharedCommits(self._troth.gate)

    def load(self, records: int) -> None:
        """Fill it: a person for each user, with ten records and what the user chose."""
        closed = [uses.purpose(n, meta_of(n).acl) for n in range(PURPOSES)]
        closed += [uses.share(n, meta_of(n).src) for n in range(SHARES)]
        self._done([self._order("restrict-purpose", about=one) for one in closed])
        for first in range(0, self._users, _AT_ONCE):
            users = range(first, min(first + _AT_ONCE, self._users))
            outcomes = self._done([self._collect(user, range(user, records, self._users)) for user in users])
            self._done(
                ask
                for user, outcome in zip(users, outcomes, strict=True)
                for ask in self._choices(user, outcome.person)
            )
        self._troth.flush_ledger()

    def do(self, operation: Operation) -> Any:
        """Do an operation and give its answer."""
        return getattr(self, "_" + operation.name.replace("-", "_"))(operation)

    def everything(self) -> dict[int, tuple[str, Meta]]:
        """Every record that is there."""
        found = {}
        for first in range(0, self._users, _AT_ONCE):
            users = range(first, min(first + _AT_ONCE, self._users))
            outcomes = self._shared.perform(
                [
                    ask
                    for user in users
                    for ask in (
                        self._show(user),
                        self._use(user % PURPOSES, _FIELDS, identify=_identify(user)),
                    )
                ]
            )
            for user, shown, read in zip(users, outcomes[::2], outcomes[1::2], strict=True):
                if _known(shown):
                    values = _checked(read).values
                    for key, meta in self._meta(user, shown):
                        found[key] = (values[_field(key // self._users)], meta)
        return found

    def close(self) -> None:
        """Close the folder."""
        self._troth.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # asks

    def _order(self, order: str, **more: Any) -> Ask:
        return Ask(act="instruct", order=order, purpose=uses.CONTROL, key=self._key, **more)

    def _show(self, user: int) -> Ask:
        return self._order("show-stances", identify=_identify(user))

    def _use(self, purpose: int, fields: tuple[str, ...], **whom: Any) -> Ask:
        return Ask(act="use", purpose=uses.purpose(purpose), key=self._key, fields=fields, **whom)

    def _erase(self, fields: tuple[str, ...] = (), **whom: Any) -> Ask:
        return Ask(act="erase", purpose=uses.DISPOSAL, key=self._key, fields=fields, **whom)

    def _collect(self, user: int, keys: Iterable[int], version: int = 0) -> Ask:
        values = {_field(key // self._users): data_of(key, version) for key in keys}
        return Ask(
            act="collect",
            purpose=uses.purpose(user % PURPOSES),
            key=self._key,
            values={"email": _identify(user)["email"], **values},
            channel="api",
            point="records",
            notice="record-notice",
        )

    def _choices(self, user: int, person: str) -> Iterator[Ask]:
        meta = meta_of(user)
        for about, stance in (
            (uses.purpose(meta.pur), "consented"),
            (uses.share(meta.shr), "consented"),
            (uses.objection(meta.obj), "objected"),
            (uses.decision(meta.dec), "consented"),
            (uses.term(meta.ttl), "consented"),
        ):
            yield self._order("record-stance", person=person, about=about, stance=stance)

    def _done(self, asks: Iterable[Ask]) -> list[Outcome]:
        return [_checked(outcome) for outcome in self._shared.perform(list(asks))]

    def _asked(self, *asks: Ask) -> Outcome | None:
        """The outcome of the last of some acts; None when nobody is known to whom it could apply."""
        outcomes = self._shared.perform(asks)
        return _checked(outcomes[-1]) if all(_known(one) for one in outcomes) else None

    def _people(self, about: str, stance: str) -> list[str]:
        people: list[str] = self._done([self._order("list-people", about=about, stance=stance)])[0].values[
            "people"
        ]
        return people

    # operations

    def _create(self, one: Operation) -> None:
        user = one.key % self._users
        made, shown = self._shared.perform([self._collect(user, [one.key]), self._show(user)])
        if not _known(shown):
            self._done(self._choices(user, _checked(made).person))

    def _delete_by_pur(self, one: Operation) -> int:
        return self._erase_all(uses.purpose(one.key % PURPOSES))

    def _delete_by_ttl(self, one: Operation) -> int:
        return self._erase_all(uses.term(one.key % TERMS))

    def _delete_by_usr(self, one: Operation) -> int:
        return int(self._asked(self._erase(identify=_identify(one.key % self._users))) is not None)

    def _erase_all(self, about: str) -> int:
        people = self._people(about, "consented")
        for some in _pages(people):
            self._done(self._erase(person=person) for person in some)
        return len(people)

    def _update_meta_by_pur(self, one: Operation) -> None:
        pur = one.key % PURPOSES
        self._close(uses.purpose(pur), uses.purpose(pur, one.value))

    def _update_meta_by_shr(self, one: Operation) -> None:
        shr = one.key % SHARES
        self._close(uses.share(shr), uses.share(shr, one.value))

    def _close(self, released: str, restricted: str) -> None:
        self._done(
            [
                self._order("release-purpose", about=released),
                self._order("restrict-purpose", about=restricted),
            ]
        )

    def _update_meta_by_usr(self, one: Operation) -> None:
        self._choose(one, uses.objection(), uses.objection(one.value), "objected")

    def _update_meta_by_key(self, one: Operation) -> None:
        slot = one.key // self._users
        self._choose(one, uses.slot(slot), uses.slot(slot, one.value), "consented")

    def _choose(self, one: Operation, withdrawn: str, recorded: str, stance: str) -> None:
        whom = _identify(one.key % self._users)
        self._asked(
            self._order("withdraw-stance", identify=whom, about=withdrawn, stance=stance),
            self._order("record-stance", identify=whom, about=recorded, stance=stance),
        )

    def _update_data_by_key(self, one: Operation) -> int:
        if self._read_data_by_key(one) is None:
            return 0
        self._done([self._collect(one.key % self._users, [one.key], one.value)])
        return 1

    def _delete_by_key(self, one: Operation) -> None:
        self._asked(self._erase((_field(one.key // self._users),), identify=_identify(one.key % self._users)))

    def _read_data_by_key(self, one: Operation) -> str | None:
        field = _field(one.key // self._users)
        read = self._asked(self._use(one.key % PURPOSES, (field,), identify=_identify(one.key % self._users)))
        return read.values.get(field) if read else None

    def _read_data_by_usr(self, one: Operation) -> tuple[int, int]:
        read = self._asked(self._use(one.key % PURPOSES, _LOADED, identify=_identify(one.key % self._users)))
        return digest(read.values.values() if read else ())

    def _read_data_by_pur(self, one: Operation) -> tuple[int, int]:
        return self._read_all(uses.purpose(one.key % PURPOSES), "consented", uses.purpose(one.key % PURPOSES))

    def _read_data_by_obj(self, one: Operation) -> tuple[int, int]:
        return self._read_all(
            uses.objection(one.key % OBJECTIONS), "objected", uses.purpose(one.key % PURPOSES)
        )

    def _read_data_by_dec(self, one: Operation) -> tuple[int, int]:
        about = uses.decision(one.key % DECISIONS)
        return self._read_all(about, "consented", about)

    def _read_all(self, about: str, stance: str, purpose: str) -> tuple[int, int]:
        values: list[str] = []
        for some in _pages(self._people(about, stance)):
            asks = (
                Ask(act="use", purpose=purpose, key=self._key, fields=_LOADED, person=person)
                for person in some
            )
            for outcome in self._done(asks):
                values += outcome.values.values()
        return digest(values)

    def _read_meta_by_key(self, one: Operation) -> Meta | None:
        return dict(self._read_meta_by_usr(one)).get(one.key)

    def _read_meta_by_usr(self, one: Operation) -> list[Row]:
        shown = self._asked(self._show(one.key % self._users))
        return self._meta(one.key % self._users, shown) if shown else []

    def _read_logs(self, one: Operation) -> bool:
        person = self._done([self._show(one.key % self._users)])[0].person
        with self._troth.database.snapshot() as tx:
            found = journal(tx, person, newest=True, limit=_LOGS)
        return bool(found) and all(entry.person == person for entry in found)

    def _verify_deletion(self, one: Operation) -> bool:
        return self._read_data_by_key(one) is None

    def _meta(self, user: int, shown: Outcome) -> list[Row]:
        """The metadata of a user's records, from what the person chose and what is restricted for everybody."""
        chosen = [purpose.removeprefix(_BELOW) for purpose, _ in shown.values["stances"]]
        own = {kind: int(number) for kind, number in map(_parted, chosen)}
        closed = dict(purpose.removeprefix(_BELOW).split(".") for purpose in shown.values["restricted"])
        pur, shr = own["p"], own["share"]
        usual = Meta(
            pur,
            own["term.t"],
            own["obj.o"],
            own["dec.d"],
            int(closed[f"p{pur:02d}"][1:]),
            shr,
            int(closed[f"share{shr:02d}"][1:]),
        )
        rows = []
        for name in shown.values["fields"]:
            if name in _FIELDS:
                slot = int(name[1:])
                meta = usual._replace(dec=own.get(f"slot{slot:02d}.d", usual.dec))
                rows.append((slot * self._users + user, meta))
        return rows


def _parted(purpose: str) -> tuple[str, str]:
    """`obj.o17` gives `obj.o` and `17`."""
    kind = purpose.rstrip("0123456789")
    return kind, purpose[len(kind) :]


def _identify(user: int) -> dict[str, str]:
    return {"email": f"user{user}@example.com"}


def _field(slot: int) -> str:
    return _FIELDS[slot]


def _known(outcome: Outcome) -> bool:
    return outcome.problem is None or outcome.problem.status != _NOT_FOUND


def _checked(outcome: Outcome) -> Outcome:
    if not outcome.permitted:
        raise RuntimeError(f"an act of the benchmark was refused: {outcome}")
    return outcome


def _pages(people: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(people), _AT_ONCE):
        yield people[first : first + _AT_ONCE]
