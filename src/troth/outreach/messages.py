"""The company's own messages, kept by version: nothing that was sent under is ever changed."""

from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, func, insert, select, update

from troth.kernel import Clock, NotFound, micros
from troth.outreach.tables import template
from troth.outreach.writing import Message
from troth.storage import Database, Lookup, Statement, Transaction

_ADD = Statement(insert(template))
_READ = Lookup(template, by=("digest",), take=("body", "added_at"))
_NEWEST = Statement(
    update(template).where(template.c.digest == bindparam("which")).values(added_at=bindparam("instant"))
)
_LAST = Statement(
    select(func.coalesce(func.max(template.c.added_at), 0)).where(template.c.name == bindparam("which"))
)
_ALL = Statement(
    select(template.c.digest, template.c.body, template.c.added_at).order_by(template.c.added_at)
)


_SHORTEST = 8
"""Characters of a digest that name a version: few enough to type."""


class KeptMessage(NamedTuple):
    """A version of a message.

    Args:
        digest: SHA-256 (hexadecimal) of everything in it.
        message: It.
        added_at: When it was added, and where it was superseded and added again: when that was (microseconds).
    """

    digest: str
    message: Message
    added_at: int


class Messages:
    """The messages of a folder.

    Args:
        database: Keeps them.
        clock: Dates them.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._read: dict[str, Message] = {}

    def add(self, message: Message) -> KeptMessage:
        """Keep a version, which is the newest from now on; the newest one again changes nothing.

        An older one again makes no second version, for a version is named by what it says, and is the newest once more.
        """
        digest = message.digest
        with self._database.transaction() as tx:
            found = tx.lookup(_READ, [(digest,)]).get((digest,))
            (last,) = tx.row(_LAST, {"which": message.name}) or (0,)
            if found is not None and found[1] == last:
                return KeptMessage(digest, message, last)
            # Later than the version before it, also where the machine's clock was set back: the newest is what is sent.
            now = max(micros(self._clock.now()), last + 1)
            if found is None:
                tx.run(_ADD, (digest, message.name, msgspec.json.encode(message).decode(), now))
            else:
                tx.run(_NEWEST, {"which": digest, "instant": now})
        return KeptMessage(digest, message, now)

    def versions(self) -> list[KeptMessage]:
        """Every version of every message, oldest first."""
        with self._database.reading() as tx:
            return [KeptMessage(digest, _message(body), at) for digest, body, at in tx.rows(_ALL)]

    def newest(self) -> list[KeptMessage]:
        """The newest version of each message, by name."""
        found = {one.message.name: one for one in self.versions()}
        return [found[name] for name in sorted(found)]

    def version(self, digest: str) -> Message:
        """A version by its digest.

        Raises:
            NotFound: There is none.
        """
        if digest not in self._read:
            with self._database.reading() as tx:
                self._read[digest] = self._version(tx, digest)
        return self._read[digest]

    def named(self, name: str) -> KeptMessage:
        """The newest version of a message, or the version whose digest begins so.

        Args:
            name: Its name, the start of a version's digest (8 characters at least), or both as `name@digest`.

        Raises:
            NotFound: There is none.
        """
        versions = self.versions()
        called, at, version = name.partition("@")
        found = [one for one in versions if one.message.name == called]
        if at or not found:
            among, start = (found, version) if at else (versions, name)
            found = [one for one in among if len(start) >= _SHORTEST and one.digest.startswith(start)]
        if not found:
            raise NotFound(
                "There is no such message.",
                field="message",
                mend="See `troth messages list`; add one with `troth messages add`.",
            )
        return found[-1]

    def _version(self, tx: Transaction, digest: str) -> Message:
        row = tx.lookup(_READ, [(digest,)]).get((digest,))
        if row is None:
            raise NotFound(
                "There is no such version of a message.", field="message", mend="See `troth messages list`."
            )
        return _message(row[0])


def _message(body: str) -> Message:
    return msgspec.json.decode(body, type=Message)
