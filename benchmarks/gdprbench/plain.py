"""The baseline: one table as in the paper, metadata indexed, psycopg 3, a connection a thread, no protection at all."""

from typing import Any, Self

import psycopg

from benchmarks.gdprbench.mix import (
    CATEGORIES,
    DECISIONS,
    OBJECTIONS,
    PURPOSES,
    SHARES,
    TERMS,
    Meta,
    Operation,
    data_of,
    meta_of,
)
from benchmarks.gdprbench.oracle import Row, digest

_LOGS = 10
_TABLE = """
CREATE TABLE usertable (key text PRIMARY KEY, data text, pur text, ttl text, usr text, obj text, dec text, acl text,
    shr text, src text, cat text);
CREATE TABLE log (at bigserial PRIMARY KEY, usr text, what text)
"""
_INDEXED = ("pur", "ttl", "usr", "obj", "dec", "acl", "shr", "src", "cat")
_META = "key, pur, ttl, obj, dec, acl, shr, src"


class Plain:
    """A connection of one thread.

    Args:
        url: The database.
        users: How many users.
    """

    def __init__(self, url: str, users: int) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._users = users

    def load(self, records: int, *, indexed: bool = True) -> None:
        """Make the table and fill it, with an index on each metadata column or with none but the key's."""
        connection = self._connection
        connection.execute(_TABLE)
        with connection.cursor() as cursor:
            with cursor.copy("COPY usertable FROM STDIN") as copy:
                for key in range(records):
                    copy.write_row(self._record(key))
            with cursor.copy("COPY log (usr, what) FROM STDIN") as copy:
                for number in range(self._users * _LOGS):
                    copy.write_row((f"user{number % self._users}", "read"))
        for name in _INDEXED if indexed else ():
            connection.execute(f"CREATE INDEX ON usertable ({name})".encode())
        connection.execute("CREATE INDEX ON log (usr, at)")
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")

    def do(self, operation: Operation) -> Any:
        """Do an operation and give its answer."""
        return getattr(self, "_" + operation.name.replace("-", "_"))(operation)

    def everything(self) -> dict[int, tuple[str, Meta]]:
        """Every record that is there."""
        rows = self._rows(f"SELECT {_META}, data FROM usertable")  # noqa: S608  constant names
        return {key: (row[-1], meta) for row in rows for key, meta in [_meta(row)]}

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _record(self, key: int) -> tuple[str, ...]:
        meta = meta_of(key)
        return (
            f"key{key}",
            data_of(key),
            f"purpose{meta.pur}",
            str(meta.ttl),
            f"user{key % self._users}",
            f"obj{meta.obj}",
            str(meta.dec),
            f"acl{meta.acl}",
            f"shr{meta.shr}",
            f"src{meta.src}",
            f"cat{key % CATEGORIES}",
        )

    def _rows(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql.encode(), values, prepare=True).fetchall()

    def _run(self, sql: str, *values: str) -> int:
        return self._connection.execute(sql.encode(), values, prepare=True).rowcount

    def _read(self, column: str, value: str) -> tuple[int, int]:
        return digest(row[0] for row in self._rows(f"SELECT data FROM usertable WHERE {column} = %s", value))  # noqa: S608  constant names

    def _create(self, one: Operation) -> None:
        self._run(f"INSERT INTO usertable VALUES ({', '.join(['%s'] * 11)})", *self._record(one.key))  # noqa: S608  constant names

    def _delete_by_pur(self, one: Operation) -> int:
        return self._run("DELETE FROM usertable WHERE pur = %s", f"purpose{one.key % PURPOSES}")

    def _delete_by_ttl(self, one: Operation) -> int:
        return self._run("DELETE FROM usertable WHERE ttl = %s", str(one.key % TERMS))

    def _delete_by_usr(self, one: Operation) -> int:
        return self._run("DELETE FROM usertable WHERE usr = %s", self._user(one))

    def _update_meta_by_pur(self, one: Operation) -> None:
        self._run(
            "UPDATE usertable SET acl = %s WHERE pur = %s", f"acl{one.value}", f"purpose{one.key % PURPOSES}"
        )

    def _update_meta_by_shr(self, one: Operation) -> None:
        self._run("UPDATE usertable SET src = %s WHERE shr = %s", f"src{one.value}", f"shr{one.key % SHARES}")

    def _update_meta_by_usr(self, one: Operation) -> None:
        self._run("UPDATE usertable SET obj = %s WHERE usr = %s", f"obj{one.value}", self._user(one))

    def _update_meta_by_key(self, one: Operation) -> None:
        self._run("UPDATE usertable SET dec = %s WHERE key = %s", str(one.value), f"key{one.key}")

    def _update_data_by_key(self, one: Operation) -> int:
        return self._run(
            "UPDATE usertable SET data = %s WHERE key = %s", data_of(one.key, one.value), f"key{one.key}"
        )

    def _delete_by_key(self, one: Operation) -> None:
        self._run("DELETE FROM usertable WHERE key = %s", f"key{one.key}")

    def _read_data_by_key(self, one: Operation) -> str | None:
        rows = self._rows("SELECT data FROM usertable WHERE key = %s", f"key{one.key}")
        return rows[0][0] if rows else None

    def _read_data_by_usr(self, one: Operation) -> tuple[int, int]:
        return self._read("usr", self._user(one))

    def _read_data_by_pur(self, one: Operation) -> tuple[int, int]:
        return self._read("pur", f"purpose{one.key % PURPOSES}")

    def _read_data_by_obj(self, one: Operation) -> tuple[int, int]:
        return self._read("obj", f"obj{one.key % OBJECTIONS}")

    def _read_data_by_dec(self, one: Operation) -> tuple[int, int]:
        return self._read("dec", str(one.key % DECISIONS))

    def _read_meta_by_key(self, one: Operation) -> Meta | None:
        rows = self._rows(f"SELECT {_META} FROM usertable WHERE key = %s", f"key{one.key}")  # noqa: S608  constant names
        return _meta(rows[0])[1] if rows else None

    def _read_meta_by_usr(self, one: Operation) -> list[Row]:
        return sorted(
            map(_meta, self._rows(f"SELECT {_META} FROM usertable WHERE usr = %s", self._user(one)))  # noqa: S608  constant names
        )

    def _read_logs(self, one: Operation) -> bool:
        rows = self._rows(
            "SELECT at, what FROM log WHERE usr = %s ORDER BY at DESC LIMIT 100", self._user(one)
        )
        return len(rows) >= _LOGS

    def _verify_deletion(self, one: Operation) -> bool:
        return not self._rows("SELECT 1 FROM usertable WHERE key = %s", f"key{one.key}")

    def _user(self, one: Operation) -> str:
        return f"user{one.key % self._users}"


def _meta(row: tuple[Any, ...]) -> Row:
    key, pur, ttl, obj, dec, acl, shr, src = row[:8]
    return int(key[3:]), Meta(
        int(pur[7:]), int(ttl), int(obj[3:]), int(dec), int(acl[3:]), int(shr[3:]), int(src[3:])
    )
