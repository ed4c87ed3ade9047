"""A recipient as a place of a request: told by a signed message, it says when it has done its part."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec

from troth.adapters.connectors.ports import Memory
from troth.adapters.connectors.posting import NotReceived, post
from troth.adapters.connectors.signing import check_signed, signed
from troth.connectors import Identity, Run
from troth.flows import Done, Part, Work
from troth.kernel import Clock, Conflict, InvalidInput, NotFound, Unavailable, from_micros
from troth.rights import Item

EVENTS: Mapping[str, str] = {
    "access": "privacy.access",
    "portability": "privacy.access",
    "erase": "privacy.erase",
    "correct": "privacy.correct",
    "restrict": "privacy.restrict",
    "object": "privacy.restrict",
}
"""What a recipient is told, by kind of request."""
_ACTIONS = {"access": "copy", "portability": "copy", "erase": "erase", "correct": "correct", "restrict": "restrict", "object": "restrict"}  # fmt: skip
"""What the recipient is to do, by kind of request."""
_CLAUSES = {"access": "III.0", "portability": "III.0", "erase": "III.2", "correct": "III.1", "restrict": "III.3", "object": "III.3"}  # fmt: skip
_TELL_AGAIN = timedelta(days=1)
_MOST_TABLES, _MOST_ROWS, _MOST_COLUMNS = 50, 10_000, 200
_Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{0,64}$")]
Scalar = str | int | float | bool | None
Tables = dict[str, list[dict[str, Scalar]]]


class RecipientResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a recipient's part ended.

    Args:
        message: Id of the message that asked; left out in the answer to that very message.
        result: received (it will be told later), done, kept (something stays, by law) or failed.
        note: Why, in a word of letters, digits and hyphens; nothing about anybody.
        data: For access: tables of rows, each a mapping of columns to values.
    """

    message: str = ""
    result: Literal["received", "done", "kept", "failed"] = "received"
    note: _Word = ""
    data: Tables = {}


class WebhookStore:
    """A recipient.

    Args:
        name: Name of the connector.
        url: Where its messages go.
        title: What people call the recipient.
        secret: Shared with it.
        memory: Gives identifiers by a decision that they may go to it, and keeps what was sent and answered.
        clock: Dates messages.
        kinds: Kinds of request that it is told of.
        private: Whether it may have an address that is not public.
    """

    def __init__(
        self,
        name: str,
        url: str,
        title: str,
        *,
        secret: Callable[[], bytes],
        memory: Memory,
        clock: Clock,
        kinds: Sequence[str],
        private: bool = False,
    ) -> None:
        self.name = name
        self._url = url
        self._title = title
        self._secret = secret
        self._memory = memory
        self._clock = clock
        self._kinds = frozenset(kinds)
        self._private = private

    def plan(self, work: Work) -> list[Item]:
        """One item: what the recipient has of the person."""
        if work.kind not in self._kinds or work.kind not in EVENTS:
            return []
        return [
            Item(
                case=work.case,
                place=0,
                store=self.name,
                what=f"what {self._title} has",
                target=EVENTS[work.kind],
                action=_ACTIONS[work.kind],
                reason=_CLAUSES[work.kind],
            )
        ]

    def carry_out(self, work: Work, item: Item) -> Done:
        """Tell the recipient, again every day, until it says how it went.

        Raises:
            NotReceived: It could not be told; it is tried again.
            Refused: The policy does not let it have what names the person.
        """
        run = self._memory.run(work.case)
        if run is not None and run.done_at:
            return _done(run)
        if run is not None and run.received_at and self._clock.now() < _told_again(run):
            return Done("waiting", "received, not answered yet")
        identity = self._memory.identity(work)
        if not any(identity.values()):
            return Done("done", "nothing names the person there")
        run = run or self._memory.begin(work)
        try:
            self._tell(work, item, run, identity)
        except Unavailable:
            self._memory.put_by(work, identity)
            raise
        run = self._memory.run(work.case)
        assert run is not None, "begun above"
        if not run.done_at:
            self._memory.put_by(work, identity)
        return _done(run) if run.done_at else Done("waiting", "received, not answered yet")

    def copy(self, work: Work) -> Iterator[Part]:
        """The tables that the recipient answered."""
        run = self._memory.run(work.case)
        answered = self._memory.answer(run) if run is not None else b""
        if not answered:
            return
        for title, rows in msgspec.json.decode(answered, type=Tables).items():
            columns = tuple(dict.fromkeys(name for row in rows for name in row))
            lines = [
                ["" if row.get(name) is None else str(row.get(name)) for name in columns] for row in rows
            ]
            yield Part(self.name, f"{self._title}: {title}", columns, lines, self._title, "III.0", "")

    def heard(self, headers: Mapping[str, str], body: bytes) -> Run:
        """Take a recipient's callback; saying the same again changes nothing.

        Raises:
            Unauthenticated: It is not signed with the secret, or too old.
            InvalidInput: It says nothing that can be read.
            NotFound: No such message was sent by this connector.
            Conflict: It was said otherwise before.
        """
        check_signed(self._secret(), headers, body, self._clock.now())
        said = _read(body)
        run = self._memory.by_message(said.message)
        if run is None:
            raise NotFound(
                "No such message was sent.", field="message", mend="Give the webhook-id of the message."
            )
        if run.done_at:
            if run.result != said.result:
                raise Conflict(
                    f"It was answered as {run.result} before.", field="result", mend="Tell the privacy desk."
                )
            return run
        self._note(run, said)
        return self._memory.by_message(said.message) or run

    def _tell(self, work: Work, item: Item, run: Run, identity: Identity) -> None:
        now = self._clock.now()
        data: dict[str, object] = {
            "request": work.number,
            "kind": work.kind,
            "identity": identity,
            "due": run.due_at // 1_000_000,
        }
        corrected = self._memory.corrected(work)
        if corrected:
            data["corrected"] = corrected
        body = msgspec.json.encode({"type": item.target, "timestamp": now.isoformat(), "data": data})
        headers = signed(self._secret(), run.message, now, body)
        try:
            answer = post(self._url, body, headers, private=self._private)
        except InvalidInput as error:
            raise NotReceived(error.what, mend=error.mend) from error
        self._memory.sent(run, received=True)
        if answer.body.strip():
            self._note(run, _read(answer.body, inline=True))

    def _note(self, run: Run, said: RecipientResult) -> None:
        if said.result == "received":
            self._memory.sent(run, received=True)
            return
        data = msgspec.json.encode(said.data) if said.data else b""
        words = {"recipient": said.note or said.result}
        self._memory.finish(run, said.result, words, data)


def _told_again(run: Run) -> datetime:
    return from_micros(run.sent_at) + _TELL_AGAIN


def _done(run: Run) -> Done:
    state: Any = run.result if run.result in ("done", "kept", "failed") else "failed"
    return Done(state, run.words.get("recipient", ""))


def _read(body: bytes, *, inline: bool = False) -> RecipientResult:
    """What a recipient says; an answer to the message itself that is no such thing only says that it was received.

    Raises:
        InvalidInput: It cannot be read.
    """
    try:
        said = msgspec.json.decode(body, type=RecipientResult)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        if inline:
            return RecipientResult()
        raise InvalidInput(
            "The body is no result.",
            field="body",
            mend='Send {"message": "...", "result": "done"}; see docs/connectors.md.',
        ) from error
    rows = [row for table in said.data.values() for row in table]
    if (
        len(said.data) > _MOST_TABLES
        or len(rows) > _MOST_ROWS
        or any(len(row) > _MOST_COLUMNS for row in rows)
    ):
        raise InvalidInput(
            f"The data has more than {_MOST_TABLES} tables, {_MOST_ROWS} rows or {_MOST_COLUMNS} columns.",
            field="data",
            mend="Send less.",
        )
    return said
