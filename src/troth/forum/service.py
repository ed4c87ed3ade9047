"""The board: postings are listed, published, changed and removed, each act through the gate."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from troth.forum.model import SHOWN, Forum, Page, Posting, forum_of, one_form
from troth.gate import Ask, Outcome, Problem
from troth.kernel import (
    Conflict,
    InvalidInput,
    NotFound,
    Refused,
    TrothError,
    Unauthenticated,
    Unavailable,
    is_id,
)
from troth.policy import Policy

Perform = Callable[[Sequence[Ask]], Sequence[Outcome]]
_WEB = "web"
_ERRORS = {
    one.status: one for one in (Conflict, InvalidInput, NotFound, Refused, Unauthenticated, Unavailable)
}


class Board:
    """The forum of the policy in force.

    Args:
        policy: The version in force.
        perform: Performs acts through the gate.
        key: API key of the pages, in whose name anybody reads.

    Raises:
        NotFound: The policy declares no forum.
    """

    def __init__(self, policy: Policy, perform: Perform, key: str) -> None:
        found = forum_of(policy)
        if found is None:
            raise NotFound(
                "There is no forum here.",
                mend="Declare a point with `record`, `acknowledge` and a field under user.content.public.",
            )
        self.forum: Forum = found
        self._perform = perform
        self._key = key

    def page(self, before: str = "", most: int = SHOWN) -> Page:
        """A page of postings, newest first.

        Args:
            before: Id of the last posting of the page before; empty for the first page.
            most: Most postings.

        Raises:
            InvalidInput: `before` is no id.
        """
        if before and not is_id(before):
            raise InvalidInput("before is no id of a posting.", field="before", mend="Follow the link.")
        records = self._listed(before)
        shown = records[:most]
        after = shown[-1]["record"] if len(records) > most else ""
        return Page(self._read(shown), after)

    def posting(self, record: str) -> Posting:
        """One posting.

        Raises:
            NotFound: There is none, or not any more.
        """
        if is_id(record):
            # The list begins behind an id, so the next id's list begins with this one, if it is there.
            behind = format(int(record, 16) + 1, "032x")
            newest = self._listed(behind if is_id(behind) else "")[:1]
            for posting in self._read(one for one in newest if one["record"] == record):
                return posting
        raise NotFound(
            "There is no such posting, or not any more.", clause=self.forum.point.clause, field="posting"
        )

    def own(self, record: str, person: str) -> Posting:
        """A posting of whoever asks.

        Raises:
            NotFound: There is none.
            Refused: Somebody else wrote it.
        """
        posting = self.posting(record)
        if posting.person != person:
            raise Refused(
                "Only its author may change a posting.",
                clause=self.forum.point.clause,
                mend="Write to support about it.",
            )
        return posting

    def name_used(self, session: str, person: str) -> str:
        """The name under which somebody last posted; empty before the first posting."""
        ask = Ask(
            act="instruct", purpose=self.forum.purpose, key=session, person=person,
            order="list-records", kind=self.forum.kind,
        )  # fmt: skip
        mine: list[dict[str, Any]] = list(self._done(ask).values["records"])
        return next((posting.author for posting in self._read(mine[:1])), "")

    def publish(
        self, session: str, person: str, *, author: str, text: str, acknowledged: str, record: str = ""
    ) -> str:
        """Publish a posting of whoever has a session, or the new text of one of theirs; gives its id.

        Args:
            session: Key of the session.
            person: Whose session it is.
            author: The name that it is shown under.
            text: What is published.
            acknowledged: Name of the warning that the author acknowledged for this very act.
            record: The posting to change; empty for a new one.

        Raises:
            InvalidInput: A part is missing, too long, or not acknowledged; nothing was stored.
            Conflict: Somebody else has the name.
        """
        forum = self.forum
        values = {forum.text: one_form(text)}
        if forum.author and not record:
            values[forum.author] = " ".join(author.split())
        self._check(values, acknowledged)
        ask = Ask(
            act="collect",
            purpose=forum.purpose,
            key=session,
            person=person,
            values=values,
            channel=_WEB,
            point=forum.point.name,
            notice=str(forum.point.notice),
            acknowledged=acknowledged,
            record=record,
            # Whoever is signed in opened the account behind its own age screen.
            age_passed=True,
        )
        return self._done(ask).record

    def remove(self, session: str, posting: Posting) -> None:
        """Remove a posting of whoever has a session: its values are destroyed, and the list no longer knows it."""
        ask = Ask(
            act="erase", purpose=self.forum.purpose, key=session, record=posting.record,
            fields=self.forum.fields, person=posting.person,
        )  # fmt: skip
        self._done(ask)

    def _check(self, values: dict[str, str], acknowledged: str) -> None:
        """Refuse what lacks something before it comes near the gate.

        Raises:
            InvalidInput: Names the field, with the clause that asks for it.
        """
        forum = self.forum
        limits = {forum.text: forum.most, forum.author: forum.most_name}
        for name, value in values.items():
            if not value:
                raise InvalidInput(
                    f"{name} is missing; nothing was published.",
                    clause=forum.point.clause,
                    field=name,
                    mend="Write something.",
                )
            if len(value) > limits[name]:
                raise InvalidInput(
                    f"{name} is longer than {limits[name]} characters; nothing was published.",
                    clause=forum.point.clause,
                    field=name,
                    mend="Shorten it.",
                )
        if acknowledged != forum.point.notice:
            raise InvalidInput(
                "It was not confirmed that everybody can read this; nothing was published.",
                clause=forum.warning,
                field="acknowledged",
                mend="Tick that you know it.",
            )

    def _listed(self, before: str) -> list[dict[str, Any]]:
        ask = Ask(
            act="instruct", purpose=self.forum.purpose, key=self._key, order="list-records",
            kind=self.forum.kind, before=before,
        )  # fmt: skip
        return list(self._done(ask).values["records"])

    def _read(self, records: Iterable[dict[str, Any]]) -> list[Posting]:
        """The postings of records, in one unit of work; one that may not be shown is left out."""
        wanted = list(records)
        asks = [
            Ask(
                act="use", purpose=self.forum.purpose, key=self._key, person=one["person"],
                record=one["record"], fields=self.forum.fields,
            )
            for one in wanted
        ]  # fmt: skip
        return [
            Posting(
                record=one["record"],
                person=one["person"],
                author=str(outcome.values.get(self.forum.author, "")),
                text=str(outcome.values[self.forum.text]),
                created=datetime.fromisoformat(one["created"]),
                changed=datetime.fromisoformat(one["changed"]),
            )
            for one, outcome in zip(wanted, self._perform(asks), strict=True)
            if outcome.permitted and self.forum.text in outcome.values
        ]

    def _done(self, ask: Ask) -> Outcome:
        (outcome,) = self._perform([ask])
        if outcome.problem is not None:
            raise _error_of(outcome.problem)
        return outcome


def _error_of(problem: Problem) -> TrothError:
    """The error that a problem was made of."""
    kind = _ERRORS.get(problem.status, Unavailable)
    return kind(problem.detail, mend=problem.mend, clause=problem.clause, field=problem.field)
