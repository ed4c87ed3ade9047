"""Tables of the gate: who may act, open cases, policy versions."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from troth.storage import data_tables

api_key = Table(
    "api_key",
    data_tables,
    Column("key_id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("purposes", Text, nullable=False),
    Column("cases", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger, nullable=False),
    # the member of staff whose session it is; empty for every other key
    Column("holder", Text, nullable=False, server_default=""),
    Index(None, "holder", "revoked_at"),
)

case_file = Table(
    "case_file",
    data_tables,
    Column("case_id", Text, primary_key=True),
    Column("case_type", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger, nullable=False),
    Column("record", Text, nullable=False, server_default=""),
    Column("verified_at", BigInteger, nullable=False, server_default="0"),
    # the member of staff or the key to whom it is assigned; empty for nobody
    Column("holder", Text, nullable=False, server_default=""),
    Index(None, "person"),
    Index(None, "closed_at", "opened_at"),
)

# What the gate may say of a case's own matter, such as that a message was approved; a room above writes it.
case_fact = Table(
    "case_fact",
    data_tables,
    Column("case_id", Text, primary_key=True),
    Column("fact", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("noted_at", BigInteger, nullable=False),
)
case_record = Table(
    "case_record",
    data_tables,
    Column("case_id", Text, primary_key=True),
    Column("record", Text, primary_key=True),
    Index(None, "record"),
    sqlite_with_rowid=False,
)
"""Records that joined a case after it was opened, such as later mails about a ticket."""

person_session = Table(
    "person_session",
    data_tables,
    Column("session_id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("person", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("device", Text, nullable=False, server_default=""),
    Index(None, "person"),
    Index(None, "expires_at"),
)

proof = Table(
    "proof",
    data_tables,
    Column("digest", LargeBinary, primary_key=True),
    Column("person", Text, nullable=False),
    Column("use", Text, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "person"),
    Index(None, "expires_at"),
)

collected_once = Table(
    "collected_once",
    data_tables,
    Column("digest", LargeBinary, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "at"),
)

legal_hold = Table(
    "legal_hold",
    data_tables,
    Column("hold_id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("placed_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Index(None, "person"),
    Index(None, "ended_at", "placed_at"),
)

policy_version = Table(
    "policy_version",
    data_tables,
    Column("sha256", Text, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("captured_on", Text, nullable=False),
    Column("last_updated", Text, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("posted_at", BigInteger, nullable=False),
    # last, because SQLite walks through a large value to reach what stands behind it
    Column("text", LargeBinary, nullable=False),
    Index(None, "posted_at"),
)
