"""What a bulletin is, who may move it on, and how its delivery to one owner goes on; pure.

    draft -> approved -> running -> done
      ^         |           |   ^     |
      +---------+           v   +-----+      a copy that comes back late
     text changed        stopped

One owner: mail, and where it does not arrive a letter, and where there is no postal address a call; then an end.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from troth.kernel import Conflict, InvalidInput, Refused

CLAUSE = "II.16"
CASE = "bulletin"
DRAFT, APPROVED, RUNNING, STOPPED, DONE = "draft", "approved", "running", "stopped", "done"
State = str
CHANNELS = ("email", "letter", "phone")
"""How an owner is reached: each after the one before it failed."""
TOLD, UNREACHABLE, UNCONCERNED, GONE = "told", "unreachable", "not-concerned", "gone"
ENDS = (TOLD, UNREACHABLE, UNCONCERNED, GONE)
"""How delivery to one owner ends: told; reached on no channel; not an owner any more; not there any more."""
_DIGITS = 64
_GONE = frozenset({"erased", "unknown-person", "not-found"})
_ARRIVED = frozenset({"sent", "complained"})
_WAITING = frozenset({"planned", "sending"})


class Text(msgspec.Struct, frozen=True):
    """What a bulletin says in one language: a subject and Markdown."""

    subject: str
    body: str


Texts = Mapping[str, Text]
"""By language."""


class Bulletin(NamedTuple):
    """A notice about a product that must arrive. Instants in microseconds, 0 for not yet.

    Args:
        case: Id of its case.
        product: Declared product that it is about.
        versions: Range of versions that it is about, as text.
        reason: Declared reason.
        texts: What it says, by language.
        author: Member of staff who wrote it last.
        approver: Member who approved these very texts; empty for nobody.
        state: draft, approved, running, stopped or done.
        planned_to: Handle up to which owners were looked for.
        unknown: Owners of the product whose version nobody told, and who are therefore left out.
        written_at: When it was last written.
        approved_at: When it was approved.
        started_at: When it was started.
        ended_at: When it was done, or stopped.
    """

    case: str
    product: str
    versions: str
    reason: str
    texts: Texts
    author: str
    approver: str
    state: State
    planned_to: str
    unknown: int
    written_at: int
    approved_at: int
    started_at: int
    ended_at: int

    @property
    def digest(self) -> str:
        """SHA-256 (hexadecimal) of everything that is approved: product, versions, reason and every text, byte for byte."""
        told = [self.product, self.versions, self.reason, dict(self.texts)]
        return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()


class Copy(NamedTuple):
    """What became of one channel of one owner, as the outbox has it."""

    channel: str
    state: str
    why: str = ""


class Standing(NamedTuple):
    """Where delivery to one owner stands: what waits (`email`, `letter`, `phone`), what is to be tried next, or how it ended."""

    waits: str = ""
    tries: str = ""
    end: str = ""


def standing(copies: Iterable[Copy]) -> Standing:
    """Where delivery to one owner stands, from all copies to them."""
    made = {one.channel: one for one in copies}
    last = next((made[name] for name in reversed(CHANNELS) if name in made), None)
    if last is None:
        return Standing(tries=CHANNELS[0])
    if last.state in _WAITING:
        return Standing(waits=last.channel)
    if last.state in _ARRIVED:
        return Standing(end=TOLD)
    if last.why == CLAUSE:
        return Standing(end=UNCONCERNED)
    if last.why in _GONE:
        return Standing(end=GONE)
    behind = CHANNELS[CHANNELS.index(last.channel) + 1 :]
    return Standing(tries=behind[0]) if behind else Standing(end=UNREACHABLE)


def revised(was: Bulletin, author: str, texts: Texts, now: int) -> Bulletin:
    """The bulletin with other texts; an approval is void with them.

    Raises:
        Conflict: It was started already.
    """
    if was.state not in (DRAFT, APPROVED):
        raise _begun(was)
    return was._replace(texts=texts, author=author, approver="", state=DRAFT, written_at=now, approved_at=0)


def approved(was: Bulletin, approver: str, digest: str, now: int) -> Bulletin:
    """The bulletin, approved by a second person who saw exactly these texts.

    Args:
        was: The bulletin.
        approver: Member of staff.
        digest: Digest of what they saw.
        now: Instant (microseconds).

    Raises:
        Conflict: It is no draft, or says something else by now.
        InvalidInput: That is no digest.
        Refused: Whoever approves wrote it.
    """
    if was.state != DRAFT:
        raise Conflict(
            f"The bulletin is {was.state}.", clause=CLAUSE, field="bulletin", mend="Only a draft is approved."
        )
    if not approver or approver == was.author:
        raise Refused(
            "Nobody approves what they wrote themselves; nothing was done.",
            clause=CLAUSE,
            mend="Ask a second person of the product team or of the privacy desk.",
        )
    if len(digest) != _DIGITS:
        raise InvalidInput(
            "That is no whole digest.",
            clause=CLAUSE,
            field="digest",
            mend=f"Give all {_DIGITS} digits that stand with the text which you read.",
        )
    if digest != was.digest:
        raise Conflict(
            "The bulletin says something else by now; nothing was approved.",
            clause=CLAUSE,
            field="digest",
            mend="Read it again, and give the digest of what you read.",
        )
    return was._replace(approver=approver, state=APPROVED, approved_at=now)


def started(was: Bulletin, now: int) -> Bulletin:
    """The bulletin, under way.

    Raises:
        Conflict: Nobody approved it, or it was started already.
    """
    if was.state == DRAFT:
        raise Conflict(
            "Nobody has approved the bulletin.",
            clause=CLAUSE,
            field="bulletin",
            mend="Let a second person read it: `troth bulletins approve`.",
        )
    if was.state != APPROVED:
        raise _begun(was)
    return was._replace(state=RUNNING, started_at=now)


def stopped(was: Bulletin, now: int) -> Bulletin:
    """The bulletin, ended before everybody was told.

    Raises:
        Conflict: It is over already.
    """
    if was.state in (STOPPED, DONE):
        raise Conflict(
            f"The bulletin is {was.state}.", clause=CLAUSE, field="bulletin", mend="Write another one."
        )
    return was._replace(state=STOPPED, ended_at=now)


def _begun(was: Bulletin) -> Conflict:
    return Conflict(
        f"The bulletin is {was.state}; what was approved and started is not changed.",
        clause=CLAUSE,
        field="bulletin",
        mend="Write another one.",
    )
