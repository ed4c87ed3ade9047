"""Making a data folder."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
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
    settings_text,
    store_places,
)
from troth.gate import add_draft, issue_key, post_version
from troth.kernel import Clock, Conflict, NotFound, Unavailable, micros
from troth.ledger import create_signer
from troth.policy import kept_policy
from troth.storage import Database, migrate, open_database, put_whole
from troth.vault import KeyRing, create_key_store, pair_stores, refuse_paired

ADMIN_ROLE = "staff.privacy"
_CLAIMS = "enforcement.yaml"
_PLAIN = 0o666
"""As any file, less what the umask takes away."""


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
    settings: Settings | None = None,
) -> Initialised:
    """Make a data folder: settings, keys, stores, the policy posted, a first API key.

    Args:
        folder: Where; must not be a Troth folder yet.
        policy: The policy document; None for the reference policy.
        database_url: A postgresql:// URL for the data; empty for SQLite in the folder.
        keystore_url: A postgresql:// URL for the key store, another database; empty for SQLite in the folder.
        clock: Dates what is made.
        settings: Settings to begin with; None for those that need nothing set.

    Raises:
        Conflict: The folder is one already, or a store belongs to one; nothing was changed.
        PolicyErrors: The policy does not pass the checks.
        Unavailable: A store or a file cannot be written; what was made was removed.
    """
    if (folder / SETTINGS_FILE).exists():
        raise Conflict(f"{folder} is a Troth folder already.", mend="Choose another folder, or use this one.")
    document = policy or reference_policy()
    text = document.read_bytes()
    kept_policy(text)  # before anything is made, so that a faulty policy leaves nothing behind
    settings = settings or Settings()
    if database_url:
        settings = msgspec.structs.replace(settings, data=DataSettings(database=database_url))
    if keystore_url:
        settings = msgspec.structs.replace(settings, keys=KeySettings(keystore=keystore_url))
    with _taken_back_unless_made(folder, settings):
        create_signer(folder / settings.ledger.signer, settings.ledger.origin)
        made = _fill(folder, settings, text, chosen_clock(clock))
        claims = document.with_name(_CLAIMS)
        if claims.is_file():
            (folder / _CLAIMS).write_bytes(claims.read_bytes())
        put_whole(folder / SETTINGS_FILE, settings_text(settings).encode(), mode=_PLAIN)
    return made


@contextmanager
def _taken_back_unless_made(folder: Path, settings: Settings) -> Iterator[None]:
    """Make the folders and the root key; when the block fails, remove them and every file in them that it made.

    Raises:
        Conflict: A file of a folder stands there already, or another call makes it; nothing was changed.
        Unavailable: The system does not let a file be written.
    """
    stores = [Path(one) for one in store_places(folder, settings) if "://" not in one]
    files = [folder / "keys" / "root.key", folder / settings.ledger.signer, *stores]
    for file in files:
        if file.exists():
            raise Conflict(
                f"{file} exists already; nothing was changed.",
                mend="Choose another folder; or, when a cut-off `troth init` left the file, remove it.",
            )
    files += [file.with_name(file.name + end) for file in stores for end in ("-wal", "-shm", "-journal")]
    files += [folder / SETTINGS_FILE]
    files += [] if (folder / _CLAIMS).exists() else [folder / _CLAIMS]
    ours = [one for one in (folder / "keys", folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "keys").mkdir(mode=0o700, exist_ok=True)
        try:
            create_root_key_file(folder / "keys" / "root.key")
        except FileExistsError:  # of two calls at once one goes on; from here on all files are that one's
            files.clear()
            raise Conflict(
                f"Another `troth init` makes {folder}; nothing was changed.", mend="Use it when it is made."
            ) from None
        yield
    except BaseException as error:
        _remove(files, ours)
        if isinstance(error, OSError):
            raise Unavailable(
                f"{folder} cannot be made ({error.strerror}); nothing was kept.",
                mend="Choose a place on a disk with room, where you may write.",
            ) from error
        raise


def _remove(files: list[Path], folders: list[Path]) -> None:
    for file in files:
        with suppress(NotADirectoryError):
            file.unlink(missing_ok=True)
    for one in folders:
        with suppress(OSError):  # somebody else put something there meanwhile
            one.rmdir()


def _fill(folder: Path, settings: Settings, text: bytes, clock: Clock) -> Initialised:
    now = clock.now()
    root = open_root_key(settings.keys.root, folder)
    data_place, keys_place = store_places(folder, settings)
    with ExitStack() as opened:
        keystore = opened.enter_context(closing(_made_store(keys_place, key_store=True)))
        database = opened.enter_context(closing(_made_store(data_place, key_store=False)))
        with database.transaction() as tx:
            refuse_paired(tx)  # before the key store is filled: what is in use elsewhere stays untouched
            kept = add_draft(tx, text, now)
            post_version(tx, kept.sha256, now)
            role = ADMIN_ROLE if ADMIN_ROLE in kept.roles else min(kept.roles)
            key, key_id = issue_key(tx, name="first key", role=role, purposes=["*"], cases=["*"], now=now)
            create_key_store(keystore, root, micros(now))
            pair_stores(tx, KeyRing(keystore, root))
    return Initialised(folder, kept.sha256, key, key_id)


def _made_store(place: str, *, key_store: bool) -> Database:
    """A new store with its tables; a file that only its owner can read, whatever the umask."""
    if "://" not in place:
        Path(place).touch(mode=0o600, exist_ok=False)
    migrate(place, key_store=key_store)
    return open_database(place, key_store=key_store)
