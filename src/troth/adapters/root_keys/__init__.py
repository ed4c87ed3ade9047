"""Root keys: in a file, in AWS KMS, in Vault Transit."""

from pathlib import Path

from troth.adapters.root_keys.file import FileRootKey, create_root_key_file
from troth.kernel import InvalidInput
from troth.vault import RootKey


def open_root_key(place: str, folder: Path) -> RootKey:
    """Open a root key by its place in the settings.

    Args:
        place: `file:PATH` inside the folder, `aws-kms:KEY` (id, ARN or alias) or `vault-transit:URL#KEY`.
        folder: The data folder.

    Raises:
        InvalidInput: The place is of no known kind or malformed, or what it needs is not installed.
        NotFound: There is no such file, or no token for Vault.
        Corrupt: The file can be read by others, or holds no key.
        Unavailable: AWS is not configured here.
    """
    kind, _, rest = place.partition(":")
    if kind == "file":
        return FileRootKey(folder / rest)
    if kind == "aws-kms":
        from troth.adapters.root_keys.aws_kms import open_kms_root_key

        return open_kms_root_key(rest)
    if kind == "vault-transit":
        from troth.adapters.root_keys.vault_transit import open_transit_root_key

        return open_transit_root_key(rest)
    raise InvalidInput(
        f"Root key {kind[:32]!r} is of no known kind.",
        field="keys.root",
        mend="Use file:PATH, aws-kms:KEY or vault-transit:URL#KEY.",
    )


__all__ = ["FileRootKey", "create_root_key_file", "open_root_key"]
