"""Making a data folder."""

from pathlib import Path
from typing import NamedTuple

import msgspec

from troth.adapters import create_root_key_file, open_root_key
from troth.bootstrap.runtime import chosen_clock
from troth.bootstrap.settings import (
    SETTINGS_FILE,
    DataSettings,
    KeySettings,
    Settings,
    located,
    settings_text,
)
from troth.gate import add_draft, issue_key, post_version
from troth.kernel import Clock, Conflict, NotFound, micros
from troth.ledger import create_signer
from troth.policy import compile_policy
from troth.storage import Database, migrate, open_database
from troth.vault import create_key_store

ADMIN_ROLE = "staff.privacy"


class Initialised(NamedTuple):
    """What `init_folder` made. `admin_key` is shown this once and stored nowhere."""

    folder: Path
    policy_sha256: str
    admin_key: str
    admin_key_id: str


def reference_policy() -> Path:
    """The policy that comes with Troth, for a software vendor.

    Raises:
        NotFound: This installation lacks it.
    """
    here = Path(__file__).resolve()
    for place in (here.parents[1] / "reference", here.parents[3] / "policies" / "software-vendor"):
        if (place / "policy.md").is_file():
            return place / "policy.md"
    raise NotFound("This installation has no reference policy.", mend="Give a policy with --policy.")


def init_folder(
    folder: Path,
    *,
    policy: Path | None = None,
    database_url: str = "",
    keystore_url: str = "",
    clock: Clock | None = None,
) -> Initialised:
    """Make a data folder: settings, keys, stores, the policy posted, a first API key.

    Args:
        folder: Where; must not be a Troth folder yet.
        policy: The policy document; None for the reference policy.
        database_url: A postgresql:// URL for the data; empty for SQLite in the folder.
        keystore_url: A postgresql:// URL for the key store, another database; empty for SQLite in the folder.
        clock: Dates what is made.

    Raises:
        Conflict: The folder is one already.
        PolicyErrors: The policy does not pass the checks.
    """
    if (folder / SETTINGS_FILE).exists():
        raise Conflict(f"{folder} is a Troth folder already.", mend="Choose another folder, or use this one.")
    document = policy or reference_policy()
    text = document.read_bytes()
    compile_policy(text)  # before anything is made, so that a faulty policy leaves nothing behind
    settings = Settings()
    if database_url:
        settings = msgspec.structs.replace(settings, data=DataSettings(database=database_url))
    if keystore_url:
        settings = msgspec.structs.replace(settings, keys=KeySettings(keystore=keystore_url))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "keys").mkdir(mode=0o700, exist_ok=True)
    create_root_key_file(folder / "keys" / "root.key")
    create_signer(folder / settings.ledger.signer, settings.ledger.origin)
    made = _fill(folder, settings, text, chosen_clock(clock))
    (folder / SETTINGS_FILE).write_text(settings_text(settings), encoding="utf-8")
    claims = document.with_name("enforcement.yaml")
    if claims.is_file():
        (folder / claims.name).write_bytes(claims.read_bytes())
    return made


def _fill(folder: Path, settings: Settings, text: bytes, clock: Clock) -> Initialised:
    now = clock.now()
    root = open_root_key(settings.keys.root, folder)
    keystore = _made_store(located(folder, settings.keys.keystore), key_store=True)
    database = _made_store(located(folder, settings.data.database), key_store=False)
    try:
        create_key_store(keystore, root, micros(now))
        with database.transaction() as tx:
            kept = add_draft(tx, text, now)
            post_version(tx, kept.sha256, now)
            role = ADMIN_ROLE if ADMIN_ROLE in kept.roles else min(kept.roles)
            key, key_id = issue_key(tx, name="first key", role=role, purposes=["*"], cases=["*"], now=now)
    finally:
        database.close()
        keystore.close()
    return Initialised(folder, kept.sha256, key, key_id)


def _made_store(place: str, *, key_store: bool) -> Database:
    """A new store with its tables; a file that only its owner can read, whatever the umask."""
    if "://" not in place:
        Path(place).touch(mode=0o600, exist_ok=False)
    migrate(place, key_store=key_store)
    return open_database(place, key_store=key_store)
