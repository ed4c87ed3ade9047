"""Parcels at the gate: what arrives before anybody knows whom it concerns is kept only by a decision, and sealed."""

from collections.abc import Sequence

from troth.gate.admitting import Admission
from troth.kernel import Refused
from troth.storage import Transaction
from troth.vault import Vault, forget_parcels, keep_parcel, opened_parcel, prepare_parcels


class Parcels:
    """Sealed parcels, each under a key of its own.

    Args:
        vault: Seals them.
    """

    def __init__(self, vault: Vault) -> None:
        self._keys = vault.keys

    def prepare(self, parcels: Sequence[str], now: int) -> None:
        """Make the keys of parcels that may be kept; those of parcels that were not are destroyed again."""
        prepare_parcels(self._keys, parcels, now)

    def keep(self, tx: Transaction, admission: Admission, which: str, content: bytes, now: int) -> None:
        """Seal a parcel that was admitted in this very unit of work, at an instant (microseconds).

        Raises:
            Refused: It was not admitted.
        """
        if not admission.permitted:
            clause = admission.clauses[0] if admission.clauses else ""
            raise Refused("The policy does not let this be kept.", clause=clause, mend="Send it another way.")
        keep_parcel(tx, self._keys, which, content, now)

    def opened(self, tx: Transaction, which: str) -> bytes:
        """What is in a parcel, for the handler that its decision named.

        Raises:
            NotFound: It was handled and destroyed.
        """
        return opened_parcel(tx, self._keys, which)

    def destroy(self, parcels: Sequence[str]) -> None:
        """Destroy the keys of parcels, in the key store's own commit; nothing opens them any more."""
        self._keys.destroy(parcels)

    def forget(self, tx: Transaction, parcels: Sequence[str], now: int) -> None:
        """Remove the rows of parcels whose keys were destroyed by an instant (microseconds)."""
        forget_parcels(tx, parcels, now)
