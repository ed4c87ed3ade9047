"""Connectors, wired: identifiers through the gate, a memory of what was done, and the stores that requests go through."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from troth.adapters import EVENTS, SqlStore, WebhookStore, check_url, new_secret, secret_bytes
from troth.bootstrap.connector_files import ConnectorFiles, ConnectorSettings
from troth.bootstrap.connector_memory import STARTS, ConnectorMemory
from troth.bootstrap.reminding import CONNECTOR, Addressees, Notice, promise, roles_told
from troth.connectors import (
    Finding,
    Run,
    late_runs,
    note_chased,
    note_parcels,
    read_dataset,
    runs_of_person,
    runs_with_answers,
)
from troth.flows import CORRECT, Correction, Done, Part, Store, Work
from troth.gate import note_matter
from troth.kernel import InvalidInput, Log, NotFound, TrothError, Unavailable, micros
from troth.policy import Policy, standard_terms
from troth.rights import DATABASE, Item, items_of, matter_by_case, stage_answer
from troth.storage import Task
from troth.vault import forget_parcels

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_EVERY = timedelta(minutes=10)
_KEEP_ANSWERS = timedelta(days=30)
_log = Log("troth.connectors")


class Connectors:
    """The connectors of a data folder, opened as they are needed and again when their files change.

    Args:
        troth: The running service.
    """

    def __init__(self, troth: "Troth") -> None:
        self._troth = troth
        self.files = ConnectorFiles(troth.folder)
        self._opening = Lock()
        self._open: dict[str, tuple[tuple[object, ...], SqlStore | WebhookStore]] = {}

    def stores(self) -> list[Store]:
        """Every connector that can be opened, as a place of a request; one that cannot is told in the log."""
        found: list[Store] = []
        for name in self.files.names():
            try:
                found.append(self.store(name))
            except TrothError as error:
                _log.error("connector_not_opened", connector=name, reason=error.code)
                found.append(Shut(name))
        return found

    def told_of(self, kind: str) -> frozenset[str]:
        """The recipients that a webhook tells of requests of a kind."""
        found = set()
        for name in self.files.names():
            try:
                settings = self.files.settings(name)
            except TrothError as error:
                _log.error("connector_not_opened", connector=name, reason=error.code)
                continue
            if settings.kind == "webhook" and kind in settings.requests:
                found.add(settings.recipient)
        return frozenset(found)

    def put_by(self, work: Work, read: Callable[[], Mapping[str, Correction]]) -> None:
        """Have each database that a correction's plan goes to put by what stood here; nothing is read where none does.

        Raises:
            Unavailable: It cannot be put by; nothing may be corrected before.
        """
        with self._troth.database.snapshot() as tx:
            planned = {
                item.store
                for item in items_of(tx, work.case)
                if item.action == CORRECT and item.target.startswith(DATABASE)
            }
        for name in sorted(planned):
            try:
                settings = self.files.settings(name)
            except TrothError as error:
                _log.error("connector_not_opened", connector=name, reason=error.code)
                continue
            ConnectorMemory(self._troth, name, settings).put_by_change(work, read)

    def stamp(self) -> tuple[object, ...]:
        """Changes whenever a connector is added, changed or removed, and with the policy."""
        named = [(name, self.files.stamp(name)) for name in self.files.names()]
        return (*named, self._troth.policy().sha256 if named else "")

    def store(self, name: str) -> SqlStore | WebhookStore:
        """A connector.

        Raises:
            NotFound: There is none of that name, or its secret is not there.
            InvalidInput: Its files are malformed.
        """
        stamp = (*self.files.stamp(name), self._troth.policy().sha256)
        with self._opening:
            known = self._open.get(name)
            if known is not None and known[0] == stamp:
                return known[1]
            made = self._made(name, self.files.settings(name))
            if known is not None and isinstance(known[1], SqlStore):
                known[1].close()
            self._open[name] = (stamp, made)
            return made

    def add(self, name: str, settings: ConnectorSettings, dataset: str = "") -> Path | None:
        """Add a connector; gives where a webhook's new secret lies.

        Args:
            name: Its name.
            settings: Its settings.
            dataset: Of a database: text of its data-set file.

        Raises:
            InvalidInput: Something of it is malformed.
            NotFound: The policy declares no such recipient or identifier.
            Conflict: There is a connector of that name.
        """
        policy = self._troth.policy()
        for field in settings.identities.values():
            if field not in policy.fields:
                raise NotFound(
                    f"The policy declares no field {field[:64]!r}.",
                    field="identity",
                    mend="Name a declared field.",
                )
        if settings.kind == "sql":
            _check_database(settings, dataset)
            secret = ""
        else:
            _check_webhook(settings, policy)
            secret = new_secret()
        self.files.add(name, settings, dataset=dataset, secret=secret)
        return self.files.secret_path(name) if secret else None

    def check(self, name: str) -> list[Finding]:
        """What does not fit between a connector, its database and the policy.

        Raises:
            NotFound: There is none of that name.
            Unavailable: Its database is down.
        """
        settings, policy = self.files.settings(name), self._troth.policy()
        found = [
            Finding(
                "error",
                "",
                field,
                f"the policy declares no identifier {field}",
                "Declare it, or name another field.",
            )
            for field in settings.fields(policy).values()
            if field not in policy.fields
        ]
        store = self.store(name)
        if isinstance(store, SqlStore):
            return found + store.check()
        if settings.recipient not in policy.recipients:
            found.append(
                Finding(
                    "error",
                    "",
                    "recipient",
                    f"the policy declares no recipient {settings.recipient}",
                    "Declare it.",
                )
            )
        return found

    def heard(self, name: str, headers: Mapping[str, str], body: bytes) -> Run:
        """Take a recipient's callback, and have the request go on.

        Raises:
            NotFound: No such webhook, or no such message.
            Unauthenticated: It is not signed with its secret.
        """
        store = self.store(name)
        if not isinstance(store, WebhookStore):
            raise NotFound("There is no such webhook.", field="name", mend="Check the connector's name.")
        run = store.heard(headers, body)
        with self._troth.database.transaction() as tx:
            stage_answer(tx, run.case, micros(self._troth.clock.now()))
        return run

    def forget(self, person: str) -> None:
        """Destroy what recipients answered about somebody who was erased, and what was put by for corrections."""
        with self._troth.database.reading() as tx:
            runs = runs_of_person(tx, person)
            rows = {run.case: matter_by_case(tx, run.case) for run in runs if run.identity}
        correct = {case for case, row in rows.items() if row is not None and row.kind == CORRECT}
        self._destroy_answers([run for run in runs if run.answer])
        self._destroy_names([run for run in runs if run.identity and run.case in correct])

    def chase(self) -> None:
        """Tell what is late, once each: by mail to staff, in the log, and in the ledger under the duty's clause."""
        troth = self._troth
        known, policy = Addressees(troth), troth.policy()
        with troth.database.transaction() as tx:
            now = micros(troth.clock.now())
            for run in late_runs(tx, now):
                row = matter_by_case(tx, run.case)
                event = STARTS.get(row.kind if row is not None else "", "")
                clause = next((r.clause for r in policy.requires.values() if event in r.on), "")
                note_matter(tx, policy, case=run.case, what=f"overdue in {run.store}", clause=clause, now=now)
                note_chased(tx, run, now)
                if row is not None:
                    told = Notice(CONNECTOR, run.due_at, run.store)
                    promise(tx, known, told, row, roles_told(policy, row.matter), now)
                _log.error(
                    "connector_overdue",
                    connector=run.store,
                    request=row.number if row else "",
                    due=run.due_at,
                )

    def tidy(self) -> None:
        """Destroy answers whose package was made long ago."""
        before = micros(self._troth.clock.now() - _KEEP_ANSWERS)
        with self._troth.database.snapshot() as tx:
            runs = runs_with_answers(tx, before)
        self._destroy_answers(runs)

    def _destroy_answers(self, runs: Sequence[Run]) -> None:
        if not runs:
            return
        now = micros(self._troth.clock.now())
        self._troth.vault.keys.destroy([run.answer for run in runs])
        with self._troth.database.transaction() as tx:
            for run in runs:
                note_parcels(tx, run, identity=run.identity, answer="")
            forget_parcels(tx, [run.answer for run in runs], now)

    def _destroy_names(self, runs: Sequence[Run]) -> None:
        if not runs:
            return
        self._troth.vault.keys.destroy([run.identity for run in runs])
        with self._troth.database.transaction() as tx:
            for run in runs:
                note_parcels(tx, run, identity="", answer="")
            forget_parcels(tx, [run.identity for run in runs], micros(self._troth.clock.now()))

    def tasks(self) -> list[Task]:
        """What is done periodically about connectors."""
        return [
            Task(
                "connectors-late",
                _EVERY,
                self.chase,
                "Tell which connectors are late with their part of a request.",
            ),
            Task(
                "connector-answers",
                timedelta(days=1),
                self.tidy,
                "Destroy what recipients answered for old copies.",
            ),
        ]

    def close(self) -> None:
        """Close every connection; what is asked again opens its own anew."""
        with self._opening:
            for _, store in self._open.values():
                if isinstance(store, SqlStore):
                    store.close()

    def _made(self, name: str, settings: ConnectorSettings) -> SqlStore | WebhookStore:
        troth, files = self._troth, self.files
        memory = ConnectorMemory(troth, name, settings)
        if settings.kind == "webhook":
            declared = troth.policy().recipients.get(settings.recipient)
            return WebhookStore(
                name,
                settings.url,
                (declared.title if declared is not None else "") or settings.recipient,
                secret=lambda: secret_bytes(files.secret(name)),
                memory=memory,
                clock=troth.clock,
                kinds=settings.requests,
                private=settings.private,
            )
        return SqlStore(
            name,
            lambda: files.url(name),
            files.dataset(name),
            memory=memory,
            digest_key=hashlib.sha256(b"connector rows" + troth.web_secret).digest(),
            kinds=tuple(settings.fields(troth.policy())),
            categories=_categories(troth.policy()),
            any_case=settings.any_case,
        )


def _categories(policy: Policy) -> frozenset[str]:
    """Every data category that the policy knows."""
    return standard_terms()["data_categories"].keys | frozenset(policy.front.terms.data_categories)


class Shut:
    """A connector whose files cannot be read: what is to be done there waits until they can.

    Args:
        name: Its name.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def plan(self, work: Work) -> list[Item]:
        """One item, that something may be there."""
        wrong = work.kind == CORRECT
        target, action = (DATABASE + self.name, CORRECT) if wrong else ("", "erase")
        return [Item(work.case, 0, self.name, f"what {self.name} has", target, action, "")]

    def carry_out(self, work: Work, item: Item) -> Done:  # noqa: ARG002  the shape of the port
        """Nothing can be done.

        Raises:
            Unavailable: Always.
        """
        raise Unavailable(
            f"The connector {self.name} cannot be opened.", mend=f"Run `troth connector check {self.name}`."
        )

    def copy(self, work: Work) -> Iterator[Part]:  # noqa: ARG002  the shape of the port
        """Nothing can be read.

        Raises:
            Unavailable: Always.
        """
        raise Unavailable(
            f"The connector {self.name} cannot be opened.", mend=f"Run `troth connector check {self.name}`."
        )


def _check_database(settings: ConnectorSettings, dataset: str) -> None:
    if not dataset or bool(settings.url_variable) == bool(settings.url_file):
        raise InvalidInput(
            "A database needs a data-set file, and its URL in a variable or a file.",
            mend="Give --dataset, and --url-variable or --url-file.",
        )
    read_dataset(dataset)


def _check_webhook(settings: ConnectorSettings, policy: Policy) -> None:
    check_url(settings.url, private=settings.private)
    if settings.recipient not in policy.recipients:
        raise NotFound(
            f"The policy declares no recipient {settings.recipient[:64]!r}.",
            field="recipient",
            mend=f"Use one of {', '.join(sorted(policy.recipients))}.",
        )
    wrong = [one for one in settings.requests if one not in EVENTS]
    if wrong or not settings.requests:
        raise InvalidInput(
            "These are no kinds of request.",
            field="requests",
            mend=f"Use some of {', '.join(EVENTS)}.",
        )
