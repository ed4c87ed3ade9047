"""A running Troth: the parts of one data folder, wired."""

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from troth.bootstrap.collecting import collection_key
from troth.bootstrap.following import FollowedRoot
from troth.bootstrap.leaving import ExitKeys
from troth.bootstrap.rooms import Rooms
from troth.bootstrap.service_keys import ServiceKeys
from troth.bootstrap.settings import Settings, located, read_settings, served_at
from troth.bootstrap.site_key import site_key
from troth.bootstrap.web_secret import web_secret
from troth.choice import Exits, Link, Look, links, look
from troth.collection import Collection, kinds_in, refuse_cards
from troth.desk import FOLLOWER
from troth.gate import (
    Ask,
    Batcher,
    Gate,
    KeyRecord,
    Outcome,
    SharedCommits,
    Version,
    add_draft,
    issue_key,
    key_records,
    post_version,
    revoke_key,
    version_text,
    versions,
)
from troth.kernel import Clock, FileClock, NotFound, SystemClock
from troth.ledger import Receipt, Sequencer, SequencerThread, counts_by_clause, load_signer, prove
from troth.policy import Policy
from troth.storage import Database, Transaction, open_current
from troth.vault import KeyRing, KeyStatus, Vault, check_pair, key_status, try_sealing

if TYPE_CHECKING:
    from troth.bootstrap.background import Background
    from troth.bootstrap.unread import Unread
    from troth.staff import Review

CLOCK_VARIABLE = "TROTH_CLOCK_FILE"
MESSAGES = ("case-news",)
"""Mail templates that an act may name; the others are sent by rooms of the service alone."""


class Troth(Rooms):
    """Everything that runs over one data folder. Close it, or use it in `with`.

    Args:
        folder: The data folder.
        settings: Its settings.
        clock: Dates every act.
        start_sequencer: Whether entries are integrated into the ledger's tree in the background.
        start_background: Whether due jobs and tasks are run in the background.
    """

    _background: "Background | None" = None
    _collection: Collection | None = None
    _collected_under = ""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        clock: Clock,
        *,
        start_sequencer: bool,
        start_background: bool = False,
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.clock = clock
        with ExitStack() as opening:
            self.database: Database = open_current(located(folder, settings.data.database))
            opening.callback(self.database.close)
            self.keystore: Database = open_current(located(folder, settings.keys.keystore), key_store=True)
            opening.callback(self.keystore.close)
            self.vault = Vault(KeyRing(self.keystore, FollowedRoot(folder, settings.keys.root)))
            with self.database.snapshot() as tx:
                check_pair(tx, self.vault.keys)
            self.signer = load_signer(folder / settings.ledger.signer)
            self.gate = self._make_gate()
            self._commits = SharedCommits(self.gate)
            self.service_keys = ServiceKeys(folder, self.database, self.gate, clock)
            self.exit_keys = ExitKeys(folder)
            self.exits = Exits(self.exit_keys)
            self.gate.resume_erasures()
            self.sequencer = SequencerThread(
                Sequencer(self.database, self.signer, clock), interval=settings.ledger.interval
            )
            if start_sequencer:
                self.sequencer.start()
            opening.callback(self.sequencer.stop)
            opening.callback(self._close_rooms)
            if start_background:
                self.background.start()
                opening.callback(self.background.stop)
                self.campaign_runner.start()
                opening.callback(self.campaign_runner.stop)
            self._open = opening.pop_all()

    def _make_gate(self) -> Gate:
        return Gate(
            self.database, self.vault, self.clock, check_values=refuse_cards, messages=MESSAGES, follow=FOLLOWER, scan=kinds_in
        )  # fmt: skip

    def perform(self, asks: Sequence[Ask]) -> list[Outcome]:
        """Perform acts in one unit of work; see `Gate.perform`. Threads that call at once share commits."""
        return self._commits.perform(asks)

    def perform_along(
        self, asks: Sequence[Ask], along: Callable[[Transaction, Sequence[Outcome]], None]
    ) -> list[Outcome]:
        """Perform acts together with something of the caller's own; threads that call at once share commits.

        See `SharedCommits.perform_along`.
        """
        return self._commits.perform_along(asks, along)

    @property
    def background(self) -> "Background":
        """Jobs and periodic tasks; running only where the folder was opened for that.

        Raises:
            InvalidInput: The settings name a mail transport that is none.
        """
        if self._background is None:
            from troth.bootstrap.work import background_of

            self._background = background_of(self)
        return self._background

    def web_key(self) -> str:
        """The key in whose name the service's own pages act, with the purposes that the policy permits them."""
        return site_key(self.service_keys, self.policy())

    @cached_property
    def web_secret(self) -> bytes:
        """Signs what the web hands to browsers."""
        return web_secret(self.folder)

    def batcher(self) -> Batcher[Ask, Outcome]:
        """An asynchronous front for many callers; belongs to the running event loop."""
        return Batcher(self.gate)

    def policy(self) -> Policy:
        """The policy version in force."""
        return self.gate.policy()

    def policy_versions(self) -> list[Version]:
        """Every version kept, oldest first."""
        with self.database.snapshot() as tx:
            return versions(tx)

    def policy_text(self, sha256: str) -> bytes:
        """The bytes of a version, verified."""
        with self.database.snapshot() as tx:
            return version_text(tx, sha256)

    @property
    def collection(self) -> Collection:
        """The declared collection points; submissions to public ones are asked for in the service's own name.

        Raises:
            NotFound: The policy in force declares no public collection point.
        """
        return self._collecting(self.policy())

    def collection_under(self, policy: Policy) -> Collection:
        """The same places under a version that was read already.

        Raises:
            NotFound: It declares no public collection point.
        """
        return self._collecting(policy).under(policy)

    def _collecting(self, policy: Policy) -> Collection:
        if self._collection is None or self._collected_under != policy.sha256:
            key = collection_key(self.service_keys, policy)
            self._collection = Collection(self.policy, key, visitors=True)
            self._collected_under = policy.sha256
        return self._collection

    def draft_policy(self, text: bytes) -> str:
        """Keep a version as a draft, which decides nothing; gives its SHA-256."""
        with self.database.transaction() as tx:
            return add_draft(tx, text, self.clock.now()).sha256

    def post_policy(self, sha256: str) -> None:
        """Put a draft in force by posting it."""
        with self.database.transaction() as tx:
            post_version(tx, sha256, self.clock.now())

    def issue_key(
        self,
        *,
        name: str,
        role: str,
        purposes: Sequence[str],
        cases: Sequence[str] = (),
        expires: datetime | None = None,
        holder: str = "",
    ) -> tuple[str, str]:
        """Issue an API key for a role of the policy, or for a member of staff; gives the key, shown this once, and its id.

        Raises:
            NotFound: The policy in force declares no such role.
        """
        if role not in self.policy().roles:
            raise NotFound(
                f"The policy declares no role {role[:64]!r}.",
                field="role",
                mend=f"Use one of {', '.join(sorted(self.policy().roles))}.",
            )
        with self.database.transaction() as tx:
            return issue_key(
                tx,
                name=name,
                role=role,
                purposes=purposes,
                cases=cases,
                now=self.clock.now(),
                expires=expires,
                holder=holder,
            )

    def revoke_key(self, key_id: str) -> None:
        """End an API key."""
        with self.database.transaction() as tx:
            revoke_key(tx, key_id, self.clock.now())

    def key_records(self) -> list[KeyRecord]:
        """Every API key ever issued, without its secret."""
        with self.database.snapshot() as tx:
            return key_records(tx)

    def key_status(self) -> KeyStatus:
        """What is in the key store, without opening anything; reads the whole of it."""
        return key_status(self.keystore)

    def try_sealing(self) -> tuple[str, ...]:
        """Seal, open, alter and move a scratch value; gives what was found.

        Raises:
            Corrupt: Something opened that must not, or did not open as it should.
        """
        return try_sealing()

    def site_links(self) -> list[Link]:
        """Every link to another site in the policy's pages, and every declared site, with the last look at its policy."""
        return links(self.database, self.policy())

    def look_at_sites(self) -> list[tuple[Look, bool]]:
        """Look at the privacy policy of each declared site; gives each look, and whether its text has changed."""
        from troth.adapters import fetch_page

        private = self.settings.links.private
        return look(self.database, self.clock, self.policy(), lambda url: fetch_page(url, private=private))

    def flush_ledger(self) -> None:
        """Integrate every entry that is committed, so that it can be proven."""
        self.sequencer.flush()

    def receipt(self, entry_id: str) -> Receipt:
        """Proof that a decision stands in the ledger."""
        self.flush_ledger()
        with self.database.snapshot() as tx:
            return prove(tx, entry_id)

    def clause_counts(self) -> dict[str, dict[str, int]]:
        """Decisions by clause and effect, counted from the ledger."""
        with self.database.snapshot() as tx:
            return counts_by_clause(tx)

    @property
    def unread(self) -> "Unread":
        """Mail that was left to a person."""
        from troth.bootstrap.unread import Unread

        return Unread(self)

    def access_review(self, span: timedelta) -> "Review":
        """Who can do what, who did what within a span until now, and what was never used."""
        from troth.bootstrap.staffing import access_review

        return access_review(self, span)

    def _close_rooms(self) -> None:
        """End the connections to others, as far as any were opened."""
        if "mailer" in self.__dict__:
            self.mailer.close()
        if "connectors" in self.__dict__:
            self.connectors.close()

    def close(self) -> None:
        """Integrate what waits and close every connection, whatever fails on the way."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def chosen_clock(clock: Clock | None) -> Clock:
    """The clock given, else one steered by the file that `TROTH_CLOCK_FILE` names, else the machine's."""
    if clock is not None:
        return clock
    steered = os.environ.get(CLOCK_VARIABLE)
    return FileClock(Path(steered)) if steered else SystemClock()


def open_troth(
    folder: Path | str,
    *,
    clock: Clock | None = None,
    sequencer: bool = True,
    background: bool = False,
    listening: tuple[str | None, int | None] = (None, None),
) -> Troth:
    """Open a data folder.

    Args:
        folder: A folder that `troth init` made.
        clock: Dates every act; None for the machine's clock.
        sequencer: Whether to integrate ledger entries in the background; a short command need not.
        background: Whether to run due jobs and periodic tasks in the background, as a server does.
        listening: Host and port that are served instead of those in the settings; links follow them, unless the settings
            name another public address.

    Raises:
        NotFound: The folder was not initialised.
        Conflict: A store was made by an earlier or later version of Troth, or the two stores do not belong together;
            the message says what to do.
        Unavailable: A store cannot be opened.
    """
    path = Path(folder)
    settings = read_settings(path)
    host, port = listening
    return Troth(
        path,
        served_at(settings, host or settings.web.host, port or settings.web.port),
        chosen_clock(clock),
        start_sequencer=sequencer,
        start_background=background,
    )
