"""The site's version on PostgreSQL, where many transactions write at once: each moves it once, when it commits.

The first statement of a transaction that writes leaves a row in `PENDING_TABLE`; a deferred trigger on that row moves
the version at the commit. So the row of the version, which all writers share, is locked last and for the length of a
commit: writers wait for each other's commits, never for each other's transactions, and cannot deadlock over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from citations.engines.site_version_names import PENDING_TABLE, VERSION_TABLE

_MARK, _MOVE, _COMPARE = f"{VERSION_TABLE}_mark", f"{VERSION_TABLE}_move", f"{VERSION_TABLE}_compare"
# Of this transaction alone: whether its first change is behind it. A rolled back savepoint takes it back, too.
_MARKED = "citations.change_is_marked"
_NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
# An upsert, so that a missing row comes back.
_MOVE_STATEMENT = (
    f"INSERT INTO {VERSION_TABLE} AS v (id, number, milliseconds) VALUES (1, 1, {_NOW}) "
    "ON CONFLICT (id) DO UPDATE SET number = v.number + 1, milliseconds = excluded.milliseconds"
)
TOUCH = f"INSERT INTO {PENDING_TABLE} DEFAULT VALUES"
_MARK_ONCE = (
    f"IF coalesce(current_setting('{_MARKED}', true), '') <> 'yes' THEN "
    f"PERFORM set_config('{_MARKED}', 'yes', true); {TOUCH}; END IF;"
)


def install(tables: Iterable[str]) -> Iterator[str]:
    """Statements that make the version and watch these tables."""
    yield (
        f"CREATE TABLE IF NOT EXISTS {VERSION_TABLE} (id integer PRIMARY KEY CHECK (id = 1), number bigint NOT NULL, "
        "milliseconds bigint NOT NULL) WITH (fillfactor = 10)"  # room on its one page for the versions of its one row
    )
    # Its rows never outlive a transaction, so that nothing of them has to be logged.
    yield f"CREATE UNLOGGED TABLE IF NOT EXISTS {PENDING_TABLE} (id bigserial PRIMARY KEY)"
    yield (
        f"CREATE OR REPLACE FUNCTION {_MOVE}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"DELETE FROM {PENDING_TABLE} WHERE id = NEW.id; {_MOVE_STATEMENT}; RETURN NULL; END $$"
    )
    yield f"DROP TRIGGER IF EXISTS {PENDING_TABLE}_moves ON {PENDING_TABLE}"
    yield (
        f"CREATE CONSTRAINT TRIGGER {PENDING_TABLE}_moves AFTER INSERT ON {PENDING_TABLE} "
        f"DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {_MOVE}()"
    )
    yield (
        f"CREATE OR REPLACE FUNCTION {_MARK}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {_MARK_ONCE} RETURN NULL; END $$"
    )
    for table in tables:
        yield f'DROP TRIGGER IF EXISTS {table}_moves ON "{table}"'
        yield (
            f'CREATE TRIGGER {table}_moves AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "{table}" '
            f"FOR EACH STATEMENT EXECUTE FUNCTION {_MARK}()"
        )


def install_for_columns(table: str, columns: Sequence[str]) -> Iterator[str]:
    """Statements that watch a table for other values in these columns.

    They are compared inside the function: a trigger that names columns would forbid migrations to alter them.
    """
    differ = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in columns)
    yield (
        f"CREATE OR REPLACE FUNCTION {_COMPARE}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {differ} THEN {_MARK_ONCE} END IF; RETURN NULL; END $$"
    )
    yield f'DROP TRIGGER IF EXISTS {table}_moves ON "{table}"'
    yield f'CREATE TRIGGER {table}_moves AFTER UPDATE ON "{table}" FOR EACH ROW EXECUTE FUNCTION {_COMPARE}()'


def remove(tables: Iterable[str]) -> Iterator[str]:
    """Statements that take all of it away."""
    for table in tables:
        yield f'DROP TRIGGER IF EXISTS {table}_moves ON "{table}"'
    yield f"DROP TABLE IF EXISTS {PENDING_TABLE}"
    yield f"DROP TABLE IF EXISTS {VERSION_TABLE}"
    for function in (_MARK, _MOVE, _COMPARE):
        yield f"DROP FUNCTION IF EXISTS {function}()"
