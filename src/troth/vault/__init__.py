"""The vault: people, identifiers behind a blind index, fields sealed under a key per person and key group."""

from troth.vault.crypto import FORMAT, KEY_BYTES, new_secret, root_unwrap, root_wrap
from troth.vault.erasure import begin_erasure, begun_erasures, finish_erasure, sweep_orphan_keys
from troth.vault.errors import (
    KeyMissing,
    MovedField,
    MovedPerson,
    MovedVersion,
    NotPermitted,
    Tampered,
    WrongRoot,
)
from troth.vault.keyring import KeyRing, RootKey, create_key_store
from troth.vault.model import PersonState, ReadWant, WriteWant, normalised
from troth.vault.selftest import try_sealing
from troth.vault.service import Vault

__all__ = [
    "FORMAT",
    "KEY_BYTES",
    "KeyMissing",
    "KeyRing",
    "MovedField",
    "MovedPerson",
    "MovedVersion",
    "NotPermitted",
    "PersonState",
    "ReadWant",
    "RootKey",
    "Tampered",
    "Vault",
    "WriteWant",
    "WrongRoot",
    "begin_erasure",
    "begun_erasures",
    "create_key_store",
    "finish_erasure",
    "new_secret",
    "normalised",
    "root_unwrap",
    "root_wrap",
    "sweep_orphan_keys",
    "try_sealing",
]
