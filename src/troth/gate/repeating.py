"""Collections that are sent twice: a second click, a request tried again. The same one done once, answered twice.

A caller marks a collection with a random text. The first outcome is kept for a day under the SHA-256 digest of that text and
of the caller's key, beside a keyed fingerprint of what was sent; neither tells anything about it.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import bindparam, delete

from troth.gate.model import Ask, Outcome, Problem
from troth.gate.newcomers import PersonAppeared
from troth.gate.tables import collected_once
from troth.kernel import InvalidInput
from troth.storage import Lookup, Statement, Transaction, Upsert

KEPT = timedelta(days=1)
_READ = Lookup(collected_once, by=("digest",), take=("fingerprint", "answer"))
_KEEP = Upsert(collected_once, by=("digest",))
_CLEAR = Statement(delete(collected_once).where(collected_once.c.at < bindparam("before")))
_encoder = msgspec.json.Encoder(order="deterministic")


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """What of an outcome is told again; not whom it is about, who may be erased meanwhile."""

    effect: str
    clauses: tuple[str, ...]
    explanation: str
    obligations: tuple[str, ...]
    policy: str
    entry: str
    case: str
    record: str
    held: bool


def repeats(tx: Transaction, asks: Sequence[Ask]) -> dict[int, Outcome]:
    """The outcomes of collections that were done before, by their places."""
    marks = {number: _digest(ask) for number, ask in enumerate(asks) if _marked(ask)}
    found = tx.lookup(_READ, [(digest,) for digest in set(marks.values())]) if marks else {}
    told = {}
    for number, digest in marks.items():
        row = found.get((digest,))
        if row is not None:
            same = hmac.compare_digest(bytes(row[0]), _fingerprint(asks[number]))
            told[number] = _again(bytes(row[1])) if same else _other()
    return told


def done_once(
    asks: Sequence[Ask],
    told: Mapping[int, Outcome],
    perform: Callable[[Sequence[Ask]], list[Outcome]],
    repeat: Callable[[Sequence[Ask]], list[Outcome]],
) -> list[Outcome]:
    """The outcomes of a batch of which some were done before.

    Args:
        asks: The batch.
        told: The outcomes of those, by place.
        perform: Does the others.
        repeat: Asks once more for what stands in the batch twice, when the first is done.
    """
    outcomes = dict(told)
    later = _doubled(asks) - told.keys()
    fresh = [n for n in range(len(asks)) if n not in told and n not in later]
    for places, do in ((fresh, perform), (sorted(later), repeat)):
        if places:
            outcomes |= dict(zip(places, do([asks[n] for n in places]), strict=True))
    return [outcomes[number] for number in range(len(asks))]


def _doubled(asks: Sequence[Ask]) -> set[int]:
    """The places of collections that stand earlier in the same batch already."""
    seen: set[bytes] = set()
    later = set()
    for number, ask in enumerate(asks):
        if _marked(ask):
            digest = _digest(ask)
            if digest in seen:
                later.add(number)
            seen.add(digest)
    return later


def keep_once(tx: Transaction, asks: Sequence[Ask], outcomes: Sequence[Outcome], now: int) -> None:
    """Keep the outcomes of marked collections that were done, at an instant (microseconds).

    Raises:
        PersonAppeared: Another process did the same one meanwhile.
    """
    rows = {
        _digest(ask): (_fingerprint(ask), _kept(outcome), now)
        for ask, outcome in zip(asks, outcomes, strict=True)
        if _marked(ask) and outcome.permitted
    }
    if not rows:
        return
    tx.run_many(_KEEP, [(digest, *row) for digest, row in rows.items()])
    stored = tx.lookup(_READ, [(digest,) for digest in rows])
    if any(bytes(stored[digest,][1]) != row[1] for digest, row in rows.items()):
        raise PersonAppeared


def clear_once(tx: Transaction, now: int) -> int:
    """Forget outcomes that were kept for long enough at an instant (microseconds); gives their number."""
    return tx.run(_CLEAR, {"before": now - KEPT // timedelta(microseconds=1)})


def _marked(ask: Ask) -> bool:
    return bool(ask.once) and ask.act == "collect"


def _digest(ask: Ask) -> bytes:
    return hashlib.sha256(f"{ask.key}\0{ask.once}".encode()).digest()


def _fingerprint(ask: Ask) -> bytes:
    sent = _encoder.encode((ask.point, ask.purpose, ask.values, ask.identify, ask.person, ask.record))
    return hmac.new(f"{ask.key}\0{ask.once}".encode(), sent, hashlib.sha256).digest()


def _kept(outcome: Outcome) -> bytes:
    return _encoder.encode(_Told(**{name: getattr(outcome, name) for name in _Told.__struct_fields__}))


def _again(answer: bytes) -> Outcome:
    told: Mapping[str, object] = msgspec.structs.asdict(msgspec.json.decode(answer, type=_Told))
    return msgspec.convert(told, Outcome)


def _other() -> Outcome:
    error = InvalidInput(
        "Something else was sent with this key of repetition; nothing was stored.",
        field="once",
        mend="Make a new random one for each submission.",
    )
    return Outcome(effect="deny", problem=Problem.of(error))
