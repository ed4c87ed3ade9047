"""The value of a field outside a record: of the profile, and where it has none, of the newest record.

A person may have hundreds of records, so that the engine looks for it: one or two steps into the primary key, and one row.
"""

from collections.abc import Sequence

from sqlalchemy import text

from troth.storage import Lookup, Statement
from troth.vault.tables import sealed_field


class NewestSlot(Lookup):
    """A batch read by person and field name.

    Args:
        take: Columns of the sealed field to return, in this order.
    """

    __slots__ = ()

    def __init__(self, *, take: Sequence[str]) -> None:
        super().__init__(sealed_field, by=("person", "field"), take=take)

    def one_by_one(self) -> Statement:
        """The read of one key. A slot is the field, or field and record with a dot between; `/` comes next to a dot."""
        return Statement(
            text(
                f"SELECT {', '.join(self.take)} FROM sealed_field WHERE person = ?1 AND field = coalesce("  # noqa: S608  names come from the schema
                "(SELECT field FROM sealed_field WHERE person = ?1 AND field = ?2), "
                "(SELECT field FROM sealed_field WHERE person = ?1 AND field > ?2 || '.' AND field < ?2 || '/' "
                "ORDER BY field DESC LIMIT 1))"
            )
        )

    def all_at_once(self) -> str:
        """The read of many keys in one round trip; compared by bytes, because a language's order skips the dot."""
        taken = ", ".join(f"t.{name}" for name in self.take)
        return (
            f"SELECT k.k0, k.k1, {taken} FROM unnest(%s::text[], %s::text[]) AS k(k0, k1) "  # noqa: S608  names come from the schema
            "CROSS JOIN LATERAL (SELECT * FROM sealed_field s WHERE s.person = k.k0 "
            "AND (s.field = k.k1 OR starts_with(s.field, k.k1 || '.')) "
            'ORDER BY s.field = k.k1 DESC, s.field COLLATE "C" DESC LIMIT 1) t'
        )
