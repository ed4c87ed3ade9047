"""Storage: databases, transactions, outbox, durable jobs, migrations; one set of SQL for SQLite and PostgreSQL; inboxes that are folded into lakes."""

from troth.storage.database import (
    Busy,
    Database,
    GaveWay,
    KeyTaken,
    Row,
    Transaction,
    create_all,
    open_database,
)
from troth.storage.files import held, put_whole, sync_folder
from troth.storage.folding import Folding
from troth.storage.inbox import Inbox, StoredBatch, Waits
from troth.storage.jobs import (
    Handler,
    Job,
    JobOver,
    JobRecord,
    JobWorker,
    forget_jobs,
    is_promised,
    job_records,
    remove_finished,
    stage_job,
    waiting_jobs,
)
from troth.storage.lake import Condition, DeltaFolder, day_of, lake_available
from troth.storage.migration import HEADS, downgrade, migrate, open_current, revision
from troth.storage.rows import Frame, Wrap, as_they_are, dump_rows, load_rows, read_rows, write_rows
from troth.storage.schema import TRIGGERS_OF, data_tables, key_tables
from troth.storage.scratch import Scratch
from troth.storage.statements import Lookup, Statement, Upsert
from troth.storage.tasks import Task, TaskRecord, TaskRunner, task_records

__all__ = [
    "HEADS",
    "TRIGGERS_OF",
    "Busy",
    "Condition",
    "Database",
    "DeltaFolder",
    "Folding",
    "Frame",
    "GaveWay",
    "Handler",
    "Inbox",
    "Job",
    "JobOver",
    "JobRecord",
    "JobWorker",
    "KeyTaken",
    "Lookup",
    "Row",
    "Scratch",
    "Statement",
    "StoredBatch",
    "Task",
    "TaskRecord",
    "TaskRunner",
    "Transaction",
    "Upsert",
    "Waits",
    "Wrap",
    "as_they_are",
    "create_all",
    "data_tables",
    "day_of",
    "downgrade",
    "dump_rows",
    "forget_jobs",
    "held",
    "is_promised",
    "job_records",
    "key_tables",
    "lake_available",
    "load_rows",
    "migrate",
    "open_current",
    "open_database",
    "put_whole",
    "read_rows",
    "remove_finished",
    "revision",
    "stage_job",
    "sync_folder",
    "task_records",
    "waiting_jobs",
    "write_rows",
]
