"""Tables of the people who work at the console: who they are, how they sign in, and where they are signed in.

No secret stands here: passwords as slow hashes, codes and links as digests, and of a second factor only a random seed,
which is worth nothing without the secret in `keys/web.key`.
"""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from troth.storage import data_tables

staff_member = Table(
    "staff_member",
    data_tables,
    Column("staff_id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("purposes", Text, nullable=False),
    Column("cases", Text, nullable=False),
    Column("pass_hash", Text, nullable=False),
    Column("seed", Text, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("subject", Text, nullable=False),
    Column("invitation", LargeBinary, nullable=False),
    Column("invited_until", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Index(None, "invitation"),
    Index(None, "subject"),
    Index(None, "disabled_at"),
)

staff_code = Table(
    "staff_code",
    data_tables,
    Column("digest", LargeBinary, primary_key=True),
    Column("staff_id", Text, nullable=False),
    Index(None, "staff_id"),
    sqlite_with_rowid=False,
)

staff_passkey = Table(
    "staff_passkey",
    data_tables,
    Column("credential", Text, primary_key=True),
    Column("staff_id", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Index(None, "staff_id"),
    sqlite_with_rowid=False,
)

staff_session = Table(
    "staff_session",
    data_tables,
    Column("key_id", Text, primary_key=True),
    Column("staff_id", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("proven_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("device", Text, nullable=False),
    Index(None, "ends_at"),
    Index(None, "staff_id"),
)
