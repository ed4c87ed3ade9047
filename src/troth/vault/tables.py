"""Tables of the vault: people in the data database, keys in the key store."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from troth.storage import TRIGGERS_OF, data_tables, key_tables
from troth.vault.watching import TRIGGERS

person = Table(
    "person",
    data_tables,
    Column("person", Text, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("policy", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("has_stances", Integer, nullable=False),
    Index(None, "policy"),
)

identifier = Table(
    "identifier",
    data_tables,
    Column("kind", Text, primary_key=True),
    Column("blind", LargeBinary, primary_key=True),
    Column("person", Text, nullable=False),
    Column("record", Text, nullable=False, server_default=""),
    Index(None, "person"),
    sqlite_with_rowid=False,
)

record = Table(
    "record",
    data_tables,
    Column("record", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("point", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index(None, "person", "kind"),
    Index(None, "kind", "record"),
    sqlite_with_rowid=False,
)

held = Table(
    "held",
    data_tables,
    Column("person", Text, primary_key=True),
    Column("point", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("notice", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("blind", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "expires_at"),
    Index(None, "kind", "blind"),
)

address_change = Table(
    "address_change",
    data_tables,
    Column("submission", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Index(None, "person"),
    sqlite_with_rowid=False,
)

sealed_field = Table(
    "sealed_field",
    data_tables,
    Column("person", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("key_group", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

preference = Table(
    "preference",
    data_tables,
    Column("person", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("stance", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Index(None, "purpose", "stance"),
    sqlite_with_rowid=False,
)

presence = Table(
    "presence",
    data_tables,
    Column("person", Text, primary_key=True),
    Column("seen_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

suppression = Table(
    "suppression",
    data_tables,
    Column("kind", Text, primary_key=True),
    Column("blind", LargeBinary, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

childhood = Table(
    "childhood",
    data_tables,
    Column("person", Text, primary_key=True),
    Column("known_at", BigInteger, nullable=False),
    Column("method", Text, nullable=False),
    Column("verified_at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("sharing", Integer, nullable=False),
    sqlite_with_rowid=False,
)

erasure = Table(
    "erasure",
    data_tables,
    Column("person", Text, primary_key=True),
    Column("begun_at", BigInteger, nullable=False),
)

block = Table(
    "block",
    data_tables,
    Column("person", Text, primary_key=True),
    Column("sender", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Index(None, "sender"),
    sqlite_with_rowid=False,
)

parcel = Table(
    "parcel",
    data_tables,
    Column("parcel", Text, primary_key=True),
    Column("made_at", BigInteger, nullable=False),
    # last, because SQLite walks through a large value to reach what stands behind it
    Column("sealed", LargeBinary, nullable=False),
)

erased = Table(
    "erased",
    data_tables,
    Column("person", Text, primary_key=True),
    Column("slot", Text, primary_key=True),
    Column("key_group", Text, nullable=False),
    Column("erased_at", BigInteger, nullable=False),
    Column("noted", Integer, nullable=False),
    Index(None, "noted"),
    sqlite_with_rowid=False,
)

archive = Table(
    "archive",
    data_tables,
    Column("archive", Text, primary_key=True),
    Column("made_at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("finished_at", BigInteger, nullable=False),
    Column("destroyed_at", BigInteger, nullable=False),
    Column("data_at", Text, nullable=False),
    Column("keys_at", Text, nullable=False),
    Column("epochs", Text, nullable=False),
    Index(None, "destroyed_at", "until"),
    Index(None, "made_at"),
)

drill = Table(
    "drill",
    data_tables,
    Column("drill", Text, primary_key=True),
    Column("began_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("passed", Integer, nullable=False),
    Column("archives", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("fields", Integer, nullable=False),
    Column("opened", Integer, nullable=False),
    Column("controls", Integer, nullable=False),
    Column("found", Text, nullable=False),
    Index(None, "ended_at"),
)

stop_count = Table(
    "stop_count",
    data_tables,
    Column("singleton", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
)

person_span = Table(
    "person_span",
    data_tables,
    Column("low", Text, primary_key=True),
    Column("high", Text, nullable=False),
    # PostgreSQL: the transaction before which all must have ended, so that none is under way that does not know the span
    Column("ready", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Written by triggers alone. A row is never looked up by itself: what counts is whether the rows of a span are the same.
person_change = Table(
    "person_change",
    data_tables,
    Column("low", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    Index(None, "low", "token"),
    info={TRIGGERS_OF: TRIGGERS},
)

store_mark = Table(
    "store_mark",
    data_tables,
    Column("singleton", Integer, primary_key=True, autoincrement=False),
    Column("mark", LargeBinary, nullable=False),
)

store_key = Table(
    "store_key",
    key_tables,
    Column("key_no", Integer, primary_key=True, autoincrement=False),
    Column("use", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("root", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("retired_at", BigInteger, nullable=False),
)

person_key = Table(
    "person_key",
    key_tables,
    Column("person", Text, primary_key=True),
    Column("key_group", Text, primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("key_no", Integer, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Index(None, "key_no"),
    sqlite_with_rowid=False,
)

key_run = Table(
    "key_run",
    key_tables,
    Column("kind", Text, primary_key=True),
    Column("begun_at", BigInteger, nullable=False),
)
