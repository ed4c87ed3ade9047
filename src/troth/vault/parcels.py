"""Parcels: what arrived as a whole, such as a mail, sealed under a key of its own until it is handled.

Nobody knows yet whom a parcel concerns, so it is sealed for nobody. Once it is handled its key is destroyed, so that no copy
of the database opens it any more.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, insert

from troth.kernel import NotFound
from troth.storage import Lookup, Statement, Transaction
from troth.vault import crypto
from troth.vault.erased import WHOLE, Erased, note_erased
from troth.vault.keyring import KeyRing
from troth.vault.tables import parcel

PARCEL = "parcel"
"""Key group and field of a parcel."""
_ADD = Statement(insert(parcel))
_READ = Lookup(parcel, by=("parcel",), take=("sealed",))
_DELETE = Statement(delete(parcel).where(parcel.c.parcel == bindparam("which")))


def prepare_parcels(keys: KeyRing, parcels: Sequence[str], now: int) -> None:
    """Make the keys of parcels, in the key store's own commit, before anything is sealed under them."""
    keys.prepared({one: {PARCEL} for one in parcels}, {}, now)


def keep_parcel(tx: Transaction, keys: KeyRing, which: str, content: bytes, now: int) -> None:
    """Seal a parcel at an instant (microseconds); its key was prepared."""
    generation, key = keys.newest_keys([which])[which][PARCEL]
    place = crypto.Place(which, PARCEL, "", generation)
    tx.run(_ADD, (which, now, crypto.seal(key, keys.marking, place, content)))


def opened_parcel(tx: Transaction, keys: KeyRing, which: str) -> bytes:
    """What is in a parcel.

    Raises:
        NotFound: It is not there any more, or its key is destroyed.
        Tampered: It was changed.
    """
    row = tx.lookup(_READ, [(which,)]).get((which,))
    found = keys.newest_keys([which]).get(which, {}).get(PARCEL)
    if row is None or found is None:
        raise NotFound("The parcel was handled and destroyed.", mend="Ask the sender to send it again.")
    generation, key = found
    place = crypto.Place(which, PARCEL, "", generation)
    return crypto.unseal(key, keys.marking, place, bytes(row[0]))


def forget_parcels(tx: Transaction, parcels: Sequence[str], now: int) -> None:
    """Remove the rows of parcels whose keys are destroyed; kept for restores, which must not bring them back."""
    note_erased(tx, [Erased(one, WHOLE, "", now) for one in parcels])
    tx.run_many(_DELETE, [{"which": one} for one in parcels])


def kept_parcels(tx: Transaction, handles: Sequence[str]) -> set[str]:
    """Which of some handles are those of parcels."""
    return {key[0] for key in tx.lookup(_READ, [(one,) for one in handles])}
