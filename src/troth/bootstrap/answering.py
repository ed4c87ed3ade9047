"""Requests that are carried out by themselves, wired: every place that holds personal data, and what closes each kind.

A room or connector that holds something of people adds its store to `stores_of`, and a kind of request that can be answered its
finisher to `finishers_of`. Kinds without a finisher wait for staff.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from troth.bootstrap.packaging import COPIED, own_copy, tell_ready
from troth.bootstrap.representing import forget_agents
from troth.flows import (
    CORRECT,
    Answering,
    ClosingStore,
    CorrectionStore,
    Finisher,
    ForgettingStore,
    RecipientsStore,
    StayingStore,
    Stays,
    Store,
    UsesStore,
    VaultStore,
    Work,
)
from troth.gate import DISPOSAL, DISPOSER
from troth.kernel import micros
from troth.ledger import Entry, whole_journal
from troth.rights import USE_KINDS, WAITING, Item, note_item, released_items, stage_answer
from troth.storage import Handler, Job, Task, forget_jobs

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

ANSWERER = "service.rights"
"""The role in which requests are carried out."""
_KEY_FILE = "rights.key"
_IN_LEDGER = Stays(
    "ledger", "entries under a random handle, without any value of yours, which prove all this", "IV.5"
)
_HOURLY = timedelta(hours=1)


def answering_of(troth: "Troth") -> Answering:
    """What carries requests out."""

    @lru_cache(maxsize=1)
    def stores(stamp: Hashable) -> list[Store]:
        del stamp
        return stores_of(troth)

    return Answering(
        database=troth.database,
        clock=troth.clock,
        policy=troth.policy,
        rights=troth.rights,
        key=lambda: answering_key(troth),
        stores=lambda: stores(troth.connectors.stamp()),
        finishers=finishers_of(troth),
    )


def stores_of(troth: "Troth") -> list[Store]:
    """Every place that holds personal data; an erasure goes through them in this order: the last mail first, the vault behind all."""
    from troth.bootstrap.certifying import closing_mail, listed_hashes, sealed_remains, unread_mail
    from troth.bootstrap.mailing import mail_folder

    folder = mail_folder(troth)

    def mails(person: str) -> None:
        with troth.database.transaction() as tx:
            forget_jobs(tx, person)
        if folder is not None:
            folder.forget(person)

    return [
        ClosingStore(closing_mail(troth)),
        ForgettingStore("events", "visits of our web sites", troth.events.forget),
        ForgettingStore("agents", "who asked in your name", lambda person: forget_agents(troth, person)),
        ForgettingStore("relay", "aliases of the relay, and who wrote to whom", troth.relays.forget),
        ForgettingStore("mail", "mails to you that wait to be sent or lie in our mail folder", mails),
        CorrectionStore(troth.perform_along, troth.policy, troth.connectors.put_by),
        *troth.connectors.stores(),
        UsesStore(troth.database, troth.perform_along, troth.policy),
        VaultStore(
            troth.perform_along,
            troth.policy,
            troth.gate.resume_erasures,
            lambda: disposal_key(troth),
            own_copy(troth).copy,
        ),
        RecipientsStore(
            troth.perform_along,
            troth.policy,
            lambda person: _journal(troth, person),
            lambda: troth.connectors.told_of(CORRECT),
        ),
        StayingStore("inbox", lambda: unread_mail(troth)),
        StayingStore("suppression", lambda: listed_hashes(troth)),
        StayingStore("ledger", lambda: [_IN_LEDGER]),
        StayingStore("backups", lambda: sealed_remains(troth)),
    ]


def finishers_of(troth: "Troth") -> Mapping[str, Finisher]:
    """What closes each kind of request."""
    from troth.bootstrap.certifying import certifying_of

    def ready(work: Work, items: Sequence[Item]) -> None:
        tell_ready(troth, work, items)

    nothing_more = dict.fromkeys((CORRECT, *sorted(USE_KINDS)), _nothing_more)
    return {"erase": certifying_of(troth), **dict.fromkeys(COPIED, ready), **nothing_more}


def answering_key(troth: "Troth") -> str:
    """The key in whose name requests are carried out."""
    cases = troth.policy().cases.values()
    purposes = sorted({case.purpose for case in cases if case.matter == "request" and case.purpose})
    names = tuple(sorted(case.name for case in cases if case.matter == "request"))
    return troth.service_keys.key(
        _KEY_FILE, name="requests carried out", role=ANSWERER, purposes=purposes, cases=names
    )


def disposal_key(troth: "Troth") -> tuple[str, str]:
    """Key and purpose in whose name is erased what nothing keeps any more."""
    key = troth.service_keys.key("disposal.key", name="disposal", role=DISPOSER, purposes=(DISPOSAL,))
    return key, DISPOSAL


def answer_handler(troth: "Troth") -> Handler:
    """The handler of requests that are to be carried out; while a place takes no work, the job comes again."""

    def handle(job: Job) -> None:
        troth.answering.carry_out(job.body["case"])

    return handle


def answering_tasks(troth: "Troth") -> list[Task]:
    """What is done periodically about requests that were answered in part."""

    def release() -> None:
        with troth.database.transaction() as tx:
            now = micros(troth.clock.now())
            released = released_items(tx, now)
            for item in released:
                note_item(tx, item, WAITING, now)
            for case in sorted({item.case for item in released}):
                stage_answer(tx, case, now)

    return [
        Task("kept-items", _HOURLY, release, "Finish what a duty or hold kept of a request, once it ends.")
    ]


def _journal(troth: "Troth", person: str) -> Iterator[Entry]:
    """Every entry of the ledger about a person, what was decided just now too."""
    troth.flush_ledger()
    return whole_journal(troth.database, person)


def _nothing_more(work: Work, items: Sequence[Item]) -> None:
    """Nothing closes this kind: its plan is what is told."""
    del work, items
