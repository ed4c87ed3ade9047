"""What every answer must be, known from what was created, changed and deleted."""

from collections.abc import Callable, Iterable
from typing import Any

from benchmarks.gdprbench.mix import (
    DECISIONS,
    OBJECTIONS,
    PURPOSES,
    SHARES,
    TERMS,
    Meta,
    Operation,
    data_of,
    meta_of,
)

Row = tuple[int, Meta]


def digest(values: Iterable[str]) -> tuple[int, int]:
    """A fingerprint of values in any order: their number and the sum of their hashes."""
    held = list(values)
    return len(held), sum(map(hash, held))


class Oracle:
    """The state that a store must be in.

    Args:
        records: How many records were loaded.
        users: How many users.
        normalised: Whether metadata belongs to user, purpose and share rather than to each record.
    """

    def __init__(self, records: int, users: int, *, normalised: bool) -> None:
        self._users = users
        self._normalised = normalised
        self.data = {key: data_of(key) for key in range(records)}
        self.meta = {key: meta_of(key) for key in range(records)}
        self._of_user: dict[int, set[int]] = {user: set() for user in range(users)}
        for key in range(records):
            self._of_user[key % users].add(key)
        self.people = {user: user % OBJECTIONS for user in range(users)}
        """Users who are known, with what they object to."""
        self._access: dict[int, int] = {}
        self._source: dict[int, int] = {}
        self._bulk: dict[tuple[str, int], tuple[int, int]] = {}

    def answer(self, operation: Operation) -> Any:
        """Do an operation in the mind and give the answer that it must have; None where there is nothing to compare."""
        handler: Callable[[Operation], Any] = getattr(self, "_" + operation.name.replace("-", "_"))
        return handler(operation)

    def _create(self, one: Operation) -> None:
        key, user = one.key, one.key % self._users
        mine = self._of_user[user]
        meta = meta_of(key)
        if self._normalised:
            meta = meta._replace(
                acl=self._access.get(meta.pur, meta.acl), src=self._source.get(meta.shr, meta.src)
            )
            meta = meta._replace(obj=self.people.setdefault(user, meta.obj))
        self.data[key], self.meta[key] = data_of(key), meta
        mine.add(key)

    def _delete_by_pur(self, one: Operation) -> int:
        return self._erase(user for user in range(one.key % PURPOSES, self._users, PURPOSES))

    def _delete_by_ttl(self, one: Operation) -> int:
        return self._erase(user for user in range(one.key % TERMS, self._users, TERMS))

    def _delete_by_usr(self, one: Operation) -> int:
        return self._erase([one.key % self._users])

    def _erase(self, users: Iterable[int]) -> int:
        """The number of people erased where people are what is kept, else the number of records."""
        people = rows = 0
        for user in users:
            people += user in self.people
            self.people.pop(user, None)
            for key in self._of_user[user]:
                del self.data[key], self.meta[key]
            rows += len(self._of_user[user])
            self._of_user[user].clear()
        return people if self._normalised else rows

    def _update_meta_by_pur(self, one: Operation) -> None:
        pur = one.key % PURPOSES
        self._access[pur] = one.value
        self._change(range(pur, self._users, PURPOSES), acl=one.value)

    def _update_meta_by_shr(self, one: Operation) -> None:
        shr = one.key % SHARES
        self._source[shr] = one.value
        self._change(range(shr, self._users, SHARES), src=one.value)

    def _update_meta_by_usr(self, one: Operation) -> None:
        if one.key % self._users in self.people:
            self.people[one.key % self._users] = one.value
        self._change([one.key % self._users], obj=one.value)

    def _change(self, users: Iterable[int], **new: int) -> None:
        for user in users:
            for key in self._of_user[user]:
                self.meta[key] = self.meta[key]._replace(**new)

    def _update_meta_by_key(self, one: Operation) -> None:
        if one.key in self.meta:
            self.meta[one.key] = self.meta[one.key]._replace(dec=one.value)

    def _update_data_by_key(self, one: Operation) -> int:
        if one.key not in self.data:
            return 0
        self.data[one.key] = data_of(one.key, one.value)
        return 1

    def _delete_by_key(self, one: Operation) -> None:
        if one.key in self.data:
            del self.data[one.key], self.meta[one.key]
            self._of_user[one.key % self._users].discard(one.key)

    def _read_data_by_key(self, one: Operation) -> str | None:
        return self.data.get(one.key)

    def _read_data_by_usr(self, one: Operation) -> tuple[int, int]:
        return digest(self.data[key] for key in self._of_user[one.key % self._users])

    def _read_meta_by_key(self, one: Operation) -> Meta | None:
        return self.meta.get(one.key)

    def _read_meta_by_usr(self, one: Operation) -> list[Row]:
        return sorted((key, self.meta[key]) for key in self._of_user[one.key % self._users])

    def _read_logs(self, one: Operation) -> bool:  # noqa: ARG002  every user has a log
        return True

    def _verify_deletion(self, one: Operation) -> bool:
        return one.key not in self.data

    def _read_data_by_pur(self, one: Operation) -> tuple[int, int]:
        return self._selected("pur", one.key % PURPOSES, PURPOSES)

    def _read_data_by_obj(self, one: Operation) -> tuple[int, int]:
        return self._selected("obj", one.key % OBJECTIONS, OBJECTIONS)

    def _read_data_by_dec(self, one: Operation) -> tuple[int, int]:
        return self._selected("dec", one.key % DECISIONS, DECISIONS)

    def _selected(self, name: str, value: int, classes: int) -> tuple[int, int]:
        """The answer of a bulk read; remembered, for the one mix that has them changes nothing."""
        found = self._bulk.get((name, value))
        if found is None:
            users = range(value, self._users, classes)
            found = digest(self.data[key] for user in users for key in self._of_user[user])
            self._bulk[name, value] = found
        return found
