"""The two sets of tables: the data database's and the key store's.

Statements run on the raw driver, so that no SQLAlchemy type converts values on the way: columns use only integers,
text, bytes and floats; instants are integer microseconds (UTC), booleans 0 or 1, JSON is text.
"""

from sqlalchemy import MetaData

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

data_tables = MetaData(naming_convention=_NAMES)
key_tables = MetaData(naming_convention=_NAMES)

TRIGGERS_OF = "triggers"
"""Under this name a table's `info` has statements, by engine, that make triggers once all tables are there."""
