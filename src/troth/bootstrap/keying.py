"""Looking at keys and changing them, wired to a folder's settings."""

from pathlib import Path

import msgspec

from troth.adapters import create_root_key_file, open_root_key
from troth.bootstrap.following import (
    FollowedRoot,
    coming_root,
    forget_coming_root,
    note_coming_root,
)
from troth.bootstrap.runtime import Troth
from troth.bootstrap.settings import SETTINGS_FILE, located, read_settings, settings_text
from troth.flows import Progress
from troth.kernel import micros
from troth.storage import Handler, Job, held, open_current, put_whole
from troth.vault import (
    KeyStatus,
    Rekeyed,
    Rotated,
    key_status,
    rekey_persons,
    rotate_root,
    rotate_store_key,
    sweep_orphan_keys,
)

_FILE = "file:"
_PLAIN = 0o666
"""As any file, less what the umask takes away."""


def folder_keys(troth: Troth) -> KeyStatus:
    """What is in the key store, counted without opening any key."""
    return key_status(troth.keystore)


def rekey_folder(troth: Troth, progress: Progress | None = None) -> Rekeyed:
    """Give every person new keys and seal their data under them; called again after a kill, it goes on.

    Raises:
        Corrupt: Some people's values do not open; everybody else has new keys.
    """
    return rekey_persons(troth.database, troth.vault.keys, micros(troth.clock.now()), progress)


def sweep_folder(troth: Troth) -> int:
    """Destroy keys, older than an hour, of handles that never became people; gives the number of handles."""
    return sweep_orphan_keys(troth.database, troth.vault.keys, micros(troth.clock.now()))


def key_ending(troth: Troth) -> Handler:
    """The handler of what is left of an erasure of fields after a crash: the end of the keys that sealed them."""

    def handle(job: Job) -> None:
        troth.gate.end_keys({(job.body["person"], job.body["group"]): int(job.body["at"])})

    return handle


def rotate_folder(troth: Troth, progress: Progress | None = None) -> Rotated:
    """Put everybody's keys under a new store key; called again after a kill, it goes on.

    Raises:
        Corrupt: Some wrapped keys do not open; all others are done.
    """
    root = FollowedRoot(troth.folder, read_settings(troth.folder).keys.root)
    return rotate_store_key(troth.keystore, root, micros(troth.clock.now()), progress)


def change_root(folder: Path, place: str = "") -> tuple[str, int]:
    """Put the store keys under another root key and note its place in the settings. One call at a time; another waits.

    The key store changes before the settings do; a note tells the new place from before the one until after the other, and
    whoever opens the folder meanwhile, or after a kill, goes by it. After a kill the same call goes on: it finds the store
    keys under the new root key and only writes the settings.

    Args:
        folder: The data folder.
        place: Place of the new root key, as in the settings; a file that does not exist is made. Empty for the next file
            beside the old one, or, of a key in a service, for the newest version of the same key.

    Returns:
        Place of the root key now, and how many store keys were put under it.

    Raises:
        WrongRoot: The old root key does not open the key store; nothing was changed.
    """
    read_settings(folder)  # where there are none, it tells so
    with held(folder / SETTINGS_FILE):
        cut_off = coming_root(folder)
        if cut_off and cut_off != read_settings(folder).keys.root:
            moved = _put_under(folder, cut_off)
            if place in {"", cut_off}:
                return cut_off, moved
        new = place or next_root(read_settings(folder).keys.root)
        return new, _put_under(folder, new)


def _put_under(folder: Path, new: str) -> int:
    """Put the store keys under the root key at a place, then name it in the settings; gives how many were moved."""
    settings = read_settings(folder)
    old = settings.keys.root
    if new.startswith(_FILE) and not (folder / new.removeprefix(_FILE)).exists():
        create_root_key_file(folder / new.removeprefix(_FILE))
    keystore = open_current(located(folder, settings.keys.keystore), key_store=True)
    try:
        roots = open_root_key(old, folder), open_root_key(new, folder)
        note_coming_root(folder, new)
        moved = rotate_root(keystore, *roots)
    finally:
        keystore.close()
    _note_root(folder, new)
    forget_coming_root(folder)
    return moved


def next_root(place: str) -> str:
    """Place of the root key after this one.

    A file that a killed call made and the settings do not name yet is taken up again, so that it is not left behind.
    """
    if not place.startswith(_FILE):
        return place
    path = Path(place.removeprefix(_FILE))
    stem, _, number = path.stem.rpartition("-")
    base, count = (stem, int(number)) if stem and number.isdigit() else (path.stem, 1)
    return f"{_FILE}{path.with_name(f'{base}-{count + 1}{path.suffix}')}"


def _note_root(folder: Path, place: str) -> None:
    """Write the settings anew, without what came from the environment."""
    settings = read_settings(folder, {})
    changed = msgspec.structs.replace(settings, keys=msgspec.structs.replace(settings.keys, root=place))
    put_whole(folder / SETTINGS_FILE, settings_text(changed).encode(), mode=_PLAIN)
