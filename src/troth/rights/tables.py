"""Tables of matters: handles, words and instants only; what people wrote lies sealed in the vault."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from troth.storage import data_tables

matter = Table(
    "matter",
    data_tables,
    Column("case_id", Text, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("matter", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("handler", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("due_rule", Text, nullable=False),
    Column("verified_at", BigInteger, nullable=False),
    Column("overdue_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    # what may be open only once: a person's matter of one kind; the case itself once it has ended
    Column("slot", Text, nullable=False, unique=True),
    Column("uses", Text, nullable=False, server_default=""),
    Index(None, "ended_at", "due_at", "case_id"),
    Index(None, "state", "due_at", "case_id"),
    Index(None, "person", "received_at"),
    Index(None, "handler", "ended_at", "due_at"),
    Index(None, "matter", "ended_at", "due_at", "case_id"),
    Index(None, "kind", "ended_at", "due_at", "case_id"),
    Index(None, "kind", "state", "due_at", "case_id"),
)

duty = Table(
    "duty",
    data_tables,
    Column("case_id", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("does", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("met_at", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("remind", Text, nullable=False),
    Index(None, "does", "met_at", "due_at"),
    sqlite_with_rowid=False,
)

matter_step = Table(
    "matter_step",
    data_tables,
    Column("step_id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("step", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("note", Text, nullable=False),
    Index(None, "case_id", "step_id"),
)

plan_item = Table(
    "plan_item",
    data_tables,
    Column("case_id", Text, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("store", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("done_at", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Index(None, "state", "until"),
    sqlite_with_rowid=False,
)

plan_receipt = Table(
    "plan_receipt",
    data_tables,
    Column("case_id", Text, primary_key=True),
    Column("entry", Text, primary_key=True),
    sqlite_with_rowid=False,
)

certificate = Table(
    "certificate",
    data_tables,
    Column("case_id", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("edition", Integer, nullable=False),
    Column("covers", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    # last, because SQLite walks through a large value to reach what stands behind it
    Column("body", Text, nullable=False),
    Index(None, "issued_at"),
)

mandate = Table(
    "mandate",
    data_tables,
    Column("case_id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    # keyed hash of the agent's mailbox; the mailbox and the name lie sealed in the person's record
    Column("agent", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("document", Integer, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("proven_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("under", Text, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("valid_until", BigInteger, nullable=False),
    Column("copies", Integer, nullable=False),
    Column("settled_at", BigInteger, nullable=False),
    Column("role", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "person", "agent", "settled_at"),
    Index(None, "agent", "asked_at"),
    Index(None, "under"),
)
