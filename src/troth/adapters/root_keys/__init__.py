"""Root keys: in a file, in AWS KMS, in Vault Transit."""

from pathlib import Path

from troth.adapters.root_keys.file import FileRootKey, create_root_key_file
from troth.kernel import InvalidInput
from troth.vault import RootKey


def open_root_key(place: str, folder: Path) -> RootKey:
    """Open a root key by its place in the settings: `file:PATH`, `aws-kms:KEY`, `vault-transit:URL#KEY`.

    Raises:
        InvalidInput: The place is of no known kind.
    """
    kind, _, rest = place.partition(":")
    if kind == "file":
        return FileRootKey(folder / rest)
    raise InvalidInput(
        f"Root key {kind!r} is of no known kind.",
        field="keys.root",
        mend="Use file:PATH, aws-kms:KEY or vault-transit:URL#KEY.",
    )


__all__ = ["FileRootKey", "create_root_key_file", "open_root_key"]
