"""Which key store a data database belongs to: the data bears a mark that only that key store can make.

With another key store nobody would be found, nothing would open, and a sweep would take the keys of everybody for
orphans. The mark is derived from the secret of the blind indexes, which no rotation changes; it tells nothing of it.
"""

import hmac

from sqlalchemy import insert, select

from troth.kernel import Conflict
from troth.storage import Statement, Transaction
from troth.vault.keyring import KeyRing
from troth.vault.tables import store_mark

_MARK = Statement(select(store_mark.c.mark))
_SET = Statement(insert(store_mark))


class WrongPair(Conflict):
    """The data database belongs to another key store."""


def refuse_paired(tx: Transaction) -> None:
    """Refuse a data database that belongs to a key store already.

    Raises:
        WrongPair: It does; nothing was changed.
    """
    if tx.row(_MARK) is not None:
        raise WrongPair(
            "The data database belongs to a key store already; nothing was changed.",
            mend="Use its own folder, or name an empty database.",
        )


def pair_stores(tx: Transaction, keys: KeyRing) -> None:
    """Let a new data database belong to a key store for good."""
    tx.run(_SET, (1, keys.pair_mark))


def check_pair(tx: Transaction, keys: KeyRing) -> None:
    """Refuse a data database and a key store that were not made together.

    Raises:
        WrongPair: They were not; nothing was changed.
    """
    row = tx.row(_MARK)
    if row is None or not hmac.compare_digest(bytes(row[0]), keys.pair_mark):
        raise WrongPair(
            "The data database and the key store do not belong together; nothing was changed.",
            mend="Name the key store that was made with this data in the setting `keystore` of [keys].",
        )
