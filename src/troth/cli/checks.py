"""The checks of `troth doctor`, by name. Each tells what it found, or raises the error that says what to do."""

import os
import shutil
import stat
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from troth.kernel import Conflict, Corrupt, Unavailable

if TYPE_CHECKING:
    from troth.bootstrap import Troth
    from troth.storage import Database

_OTHERS = 0o077
_LEAST_FREE = 100 * 1024 * 1024
_EARLIEST = datetime(2024, 1, 1, tzinfo=UTC)


def settings(folder: Path) -> str:
    """troth.toml is there and can be read."""
    from troth.bootstrap import read_settings

    found = read_settings(folder)
    return f"troth.toml is well formed; ledger {found.ledger.origin}"


def permissions(folder: Path) -> str:
    """Nobody but the owner can read the folder, the stores and the keys."""
    wrong = [path for path in _secrets(folder) if stat.S_IMODE(path.stat().st_mode) & _OTHERS]
    if wrong:
        names = ", ".join(f"{path} ({stat.S_IMODE(path.stat().st_mode):04o})" for path in wrong)
        raise Corrupt(
            f"Others can read {names}.", mend=f"chmod go-rwx {' '.join(map(str, wrong))}", clause="IV.1"
        )
    return "only the owner can read keys and stores"


def disk(folder: Path) -> str:
    """There is room to write, and it is allowed."""
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE:
        raise Unavailable(
            f"Only {free // 2**20} MB are free; a full disk refuses every act.", mend="Free some space."
        )
    if not os.access(folder, os.W_OK):
        raise Unavailable(f"{folder} cannot be written.", mend="Run as its owner.")
    return f"{free // 2**20} MB free"


def clock(troth: "Troth") -> str:
    """The clock is plausible, and not behind what was recorded."""
    from troth.kernel import from_micros
    from troth.ledger import tree_head

    troth.flush_ledger()
    with troth.database.snapshot() as tx:
        signed = from_micros(tree_head(tx).at)
    now = troth.clock.now()
    if now < signed:
        raise Conflict(
            f"The clock says {now:%Y-%m-%d %H:%M}, but the ledger was signed at {signed:%Y-%m-%d %H:%M}.",
            mend="Set the machine's clock; deadlines are counted by it.",
        )
    if now < _EARLIEST:
        raise Conflict(f"The clock says {now:%Y-%m-%d}.", mend="Set the machine's clock.")
    return f"{now:%Y-%m-%d %H:%M:%S} UTC"


def root_key(troth: "Troth") -> str:
    """The root key opened the key store; opening the folder did it. The settings name it, unless a change was cut off."""
    from troth.bootstrap import coming_root

    coming = coming_root(troth.folder)
    if coming and coming != troth.settings.keys.root:
        raise Conflict(
            f"A change of the root key is under way or was cut off: {coming} opens the key store, and troth.toml does not name it.",
            field="keys.root",
            mend="Run `troth keys rotate-root`, which ends it; keep both root keys until then.",
        )
    return f"opens the key store {troth.keystore.location}"


def data_schema(troth: "Troth") -> str:
    """The data database has the tables of this version."""
    return _schema(troth.database, key_store=False)


def key_schema(troth: "Troth") -> str:
    """The key store has the tables of this version."""
    return _schema(troth.keystore, key_store=True)


def policy(troth: "Troth") -> str:
    """Every version is as it was published, and the one in force decides."""
    versions = troth.policy_versions()
    for version in versions:
        troth.policy_text(version.sha256)
    found = troth.policy()
    count = "1 version" if len(versions) == 1 else f"{len(versions)} versions"
    return f"{count} whole; in force {found.sha256[:16]} with {len(found.clauses)} clauses"


def ledger(troth: "Troth") -> str:
    """Every entry is the one that was signed, and the counts are those of the entries."""
    from troth.ledger import DatabaseSource, recount, verify_log

    with troth.database.snapshot() as tx:
        found = verify_log(DatabaseSource(tx), troth.signer.verifier_key)
        recount(tx)
    return f"all {found.size} entries verify, root {found.root.hex()[:16]}"


def lake(troth: "Troth") -> str:
    """Where web events end up."""
    found = troth.events.keeper.status()
    if found.lake is None:
        return f"no lake: {found.waiting.events} events stay in the inbox; install troth[lake]"
    return f"{found.lake.events} events in the lake, {found.waiting.events} wait in the inbox"


CLOSED: Mapping[str, Callable[[Path], str]] = {"settings": settings, "permissions": permissions, "disk": disk}
"""Checks of a folder that need not open."""


def mail(troth: "Troth") -> str:
    """The settings name a way for mail; whether the policy has one too is told, for a policy need not send any."""
    from troth.kernel import InvalidInput
    from troth.outreach import mail_recipient

    given = troth.settings.mail
    _ = troth.background  # opens what the settings name
    try:
        carrier = mail_recipient(troth.policy(), given.recipient)
    except InvalidInput as error:
        return f"mail cannot be sent under this policy: {error.what}"
    return f"mail goes out by {given.transport}, carried by {carrier}"


def signatures(troth: "Troth") -> str:
    """The keys that sign outgoing mail are there, and the DNS knows them where it may be asked."""
    from troth.bootstrap import dkim_state

    return dkim_state(troth)


def mailbox(troth: "Troth") -> str:
    """The mailbox that the settings name can be looked into."""
    from troth.bootstrap import mailbox_state

    return mailbox_state(troth)


def reminders(troth: "Troth") -> str:
    """Whom mail about what comes due reaches; whether somebody is told is the company's matter, so it is told and no error."""
    from troth.bootstrap import unreached

    roles = unreached(troth)
    if roles:
        return f"no mail about what comes due reaches {', '.join(roles)}: set staff.mailboxes"
    return "mail about what comes due reaches every role that the policy has reminded"


def reports(troth: "Troth") -> str:
    """What reports with noise need is installed; a company that wants none is well all the same, so it is told and no error."""
    from troth.insights import lacking
    from troth.policy import Report

    declared = [one for one in troth.policy().of(Report) if one.computed]
    waiting = {one.name: lacking(one) for one in declared if lacking(one)}
    if waiting:
        return f"{', '.join(waiting)} cannot run: install {' '.join({*waiting.values()})}"
    return f"{len(declared)} reports can run" if declared else "no report is declared"


OPEN: Mapping[str, Callable[["Troth"], str]] = {
    "root key": root_key,
    "data database": data_schema,
    "key store": key_schema,
    "clock": clock,
    "policy": policy,
    "ledger": ledger,
    "mail": mail,
    "signatures": signatures,
    "mailbox": mailbox,
    "reminders": reminders,
    "events": lake,
    "reports": reports,
}
"""Checks of an open folder."""


def _secrets(folder: Path) -> list[Path]:
    """What only the owner may read: the folder, key files, and stores kept in files."""
    from troth.bootstrap import read_settings

    found = read_settings(folder)
    names = [
        found.keys.root.removeprefix("file:"),
        found.ledger.signer,
        found.keys.keystore,
        found.data.database,
    ]
    keys = folder.glob("keys/dkim-*.pem")
    paths = {folder, *keys, *(folder / name for name in names if ":" not in name)}
    paths |= {(folder / found.ledger.signer).parent}
    return sorted(path for path in paths if path.exists())


def _schema(database: "Database", *, key_store: bool) -> str:
    from troth.storage import HEADS, revision

    wanted = HEADS["keys" if key_store else "data"]
    found = revision(database, key_store=key_store)
    if found != wanted:
        raise Conflict(
            f"{database.location} has schema revision {found or 'none'}, not {wanted}.",
            mend="Run `troth migrate up`.",
        )
    return f"{database.dialect}, schema revision {found}"
