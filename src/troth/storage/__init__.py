"""Storage: databases, transactions, outbox, durable jobs, migrations; one set of SQL for SQLite and PostgreSQL."""

from troth.storage.database import Database, Row, Transaction, create_all, open_database
from troth.storage.jobs import Handler, Job, JobWorker, forget_jobs, stage_job, waiting_jobs
from troth.storage.migration import HEADS, downgrade, migrate, open_current, revision
from troth.storage.schema import data_tables, key_tables
from troth.storage.statements import Lookup, Statement, Upsert

__all__ = [
    "HEADS",
    "Database",
    "Handler",
    "Job",
    "JobWorker",
    "Lookup",
    "Row",
    "Statement",
    "Transaction",
    "Upsert",
    "create_all",
    "data_tables",
    "downgrade",
    "forget_jobs",
    "key_tables",
    "migrate",
    "open_current",
    "open_database",
    "revision",
    "stage_job",
    "waiting_jobs",
]
