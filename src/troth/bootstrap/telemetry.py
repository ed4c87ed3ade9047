"""The receiving door of telemetry, wired: receipts, tokens, the inbox and the lake of reports."""

import secrets
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from troth.bootstrap.eventing import LAKE_FOLDER
from troth.ingress import (
    Craft,
    Door,
    ReportKeeper,
    ReportLake,
    Sealing,
    Switching,
    TokenKeys,
    empty_old_weeks,
)
from troth.storage import Task, lake_available
from troth.vault import StreamCipher

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth
    from troth.vault import KeyRing

_DAILY, _HOURLY = timedelta(days=1), timedelta(hours=1)
_KIND = "telemetry.signing-key"
_WEEK = "telemetry.week"
_SALT_BYTES = 16


class Telemetry:
    """Telemetry of a folder.

    Args:
        troth: The open folder.
    """

    def __init__(self, troth: "Troth") -> None:
        self._troth = troth
        place = troth.folder / LAKE_FOLDER
        lake = ReportLake(place / "reports") if lake_available() else None
        self.keeper = ReportKeeper(troth.database, lake, troth.gate, troth.clock, place / "reports.lock")

    @cached_property
    def keys(self) -> TokenKeys:
        """The signing keys."""
        troth = self._troth
        return TokenKeys(troth.database, troth.keystore, troth.clock, _craft(troth.vault.keys))

    @cached_property
    def switching(self) -> Switching:
        """Receipts and tokens."""
        troth = self._troth
        return Switching(troth.database, troth.gate, troth.clock, self.keys, troth.vault.keys.blind)

    def door(self) -> Door:
        """What takes reports in; for one thread at a time."""
        troth = self._troth
        ring = troth.vault.keys
        return Door(troth.database, troth.gate, troth.clock, self.keys, ring.blind, _sealing(ring))

    def tasks(self) -> list[Task]:
        """What is done periodically."""
        every = timedelta(seconds=self._troth.settings.events.fold_seconds)
        return [
            Task("report-fold", every, self._fold, "Fold the inbox of telemetry reports into the lake."),
            Task(
                "report-keys",
                _HOURLY,
                self._tidy_keys,
                "Destroy signing keys of telemetry whose week is over, and what was gathered long ago.",
            ),
            Task(
                "report-disposal", _DAILY, self._dispose, "Dispose of telemetry reports past their retention."
            ),
            Task("report-tidying", _DAILY, self.keeper.tidy, "Put small files of the reports together."),
        ]

    def _fold(self) -> None:
        self.keeper.fold()

    def _tidy_keys(self) -> None:
        self.keys.tidy()
        empty_old_weeks(self._troth.database, self._troth.clock)

    def _dispose(self) -> None:
        self.keeper.dispose()


def _craft(ring: "KeyRing") -> Craft:
    """Blind signing by `cryptography`, and keys sealed under the key store's own secret."""
    from troth.adapters import BlindSigner, blind_signed, new_blind_key

    def cipher(key_id: str) -> StreamCipher:
        return StreamCipher(ring.blind(_KIND, key_id), f"{_KIND}|{key_id}")

    return Craft(
        new_blind_key,
        BlindSigner,
        blind_signed,
        lambda key_id, private: cipher(key_id).seal(0, private, last=True),
        lambda key_id, sealed: cipher(key_id).unseal(0, sealed, last=True),
    )


def _sealing(ring: "KeyRing") -> Sealing:
    """Weeks sealed under a key that takes both the key store and the receipt, another one each time."""

    def cipher(salt: bytes, receipt: str) -> StreamCipher:
        return StreamCipher(ring.blind(_WEEK, f"{salt.hex()}|{receipt}"), _WEEK)

    def seal(receipt: str, week: bytes) -> bytes:
        salt = secrets.token_bytes(_SALT_BYTES)
        return salt + cipher(salt, receipt).seal(0, week, last=True)

    def unseal(receipt: str, sealed: bytes) -> bytes:
        return cipher(sealed[:_SALT_BYTES], receipt).unseal(0, sealed[_SALT_BYTES:], last=True)

    return Sealing(seal, unseal)
