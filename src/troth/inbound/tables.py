"""Tables: mail that arrived and is not handled yet, whose content rests in a parcel of the vault; mailboxes that are looked into."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from troth.storage import data_tables

mail_inbox = Table(
    "mail_inbox",
    data_tables,
    Column("mail_id", Text, primary_key=True),
    Column("route", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("arrived_at", BigInteger, nullable=False),
    Index(None, "arrived_at"),
    Index(None, "state", "arrived_at"),
)

mail_folder = Table(
    "mail_folder",
    data_tables,
    Column("place", Text, primary_key=True),
    Column("validity", BigInteger, nullable=False),
    Column("next_uid", BigInteger, nullable=False),
    Column("new_from", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("looked_at", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("not_before", BigInteger, nullable=False),
)
"""Where the reading of a mailbox stands.

`place` is a digest of server, folder and user; `next_uid` the first UID not dealt with; below `new_from` only what nobody has
read, or what came in after `since`, is taken; `failures` in a row, after which nobody asks again until `not_before`.
"""

mail_taken = Table(
    "mail_taken",
    data_tables,
    Column("place", Text, primary_key=True),
    Column("validity", BigInteger, primary_key=True),
    Column("uid", BigInteger, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("marked", Integer, nullable=False),
    Column("taken_at", BigInteger, nullable=False),
    Index(None, "place", "digest"),
    Index(None, "place", "validity", "marked"),
    Index(None, "taken_at"),
)
"""A mail of a mailbox that was dealt with; `digest` is a keyed hash of the whole mail."""
