"""An address in, transactions out: SQLite or PostgreSQL, one writer at a time, faults as sentences.

A write takes the one write lock when it begins, so what it reads cannot change before it writes.
SQLite by default begins lazily and fails when two readers want to become writers; a writer here
waits for its turn instead. This is the only place that turns database errors into `DongseonError`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.errors import BadInput, Busy, DiskFull, DongseonError

WRITE_LOCK = 0x646F6E6773656F6E  # PostgreSQL advisory lock key: "dongseon" in ASCII

BUSY = {"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL", "40001", "40P01", "55P03", "57P03"}
FULL = {"SQLITE_FULL", "53100"}
DAMAGED = {"SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_FORMAT", "XX001", "XX002"}
SHUT = {"SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH", "25006", "42501"}
BROKEN_DISK = {"SQLITE_IOERR", "58030"}


class Database:
    """An engine whose transactions speak. Safe to use from threads; each process opens its own.

    where      file path, or ``sqlite:///`` or ``postgresql`` url
    timeout_s  how long a transaction waits for another writer before it raises Busy

    Raises BadInput for another kind of url; DongseonError if a url's driver is not installed.
    """

    def __init__(self, where: str | Path, timeout_s: float = 30.0) -> None:
        url = _url(where)
        self.dialect = url.get_backend_name()
        self.where = url.database if self.dialect == "sqlite" else url.render_as_string()
        self._engine = _engine(url, timeout_s)
        self._writer = self._engine.execution_options(dongseon_write=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the data; nothing waits for it."""
        with self._speaking(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """The only writer until the block ends; an error inside undoes all of it."""
        with self._speaking(), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise spoken(error, self.where) from error


def spoken(error: SQLAlchemyError, where: object) -> DongseonError:
    """The sentence for a database error; it never carries the statement or its values."""
    code = _code(error)
    if code in BUSY or isinstance(error, PoolTimeout):
        return Busy("the casebook {where} is in use: try again in a moment", where=where)
    if code in FULL:
        return DiskFull(
            "the disk of the casebook {where} is full: free some space, then repeat the last step",
            where=where,
        )
    if code in DAMAGED:
        return DongseonError(
            "{where} is damaged or is no casebook: choose another file or restore a backup",
            where=where,
        )
    if code in SHUT:
        return DongseonError(
            "the casebook {where} cannot be opened for writing: check its folder and rights",
            where=where,
        )
    if code in BROKEN_DISK:
        return DongseonError(
            "the disk of the casebook {where} does not answer properly: check the disk", where=where
        )
    problem = str(getattr(error, "orig", error)).partition("\n")[0]
    return DongseonError(
        "the casebook {where} could not be used: {problem}", where=where, problem=problem
    )


def _code(error: SQLAlchemyError) -> str:
    """SQLite's primary error name, or PostgreSQL's SQLSTATE, or ""."""
    orig: Any = error.orig if isinstance(error, DBAPIError) else None
    if name := getattr(orig, "sqlite_errorname", None):
        return "_".join(name.split("_")[:2])  # SQLITE_BUSY_SNAPSHOT is a kind of SQLITE_BUSY
    return getattr(orig, "sqlstate", None) or getattr(orig, "pgcode", None) or ""


def _url(where: str | Path) -> URL:
    """A file path as it stands (`?`, `#` and `%` are no url parts in it), or a checked url."""
    if isinstance(where, Path) or "://" not in where:
        return URL.create("sqlite", database=str(where))
    try:
        url = sa.make_url(where)
    except (SQLAlchemyError, ValueError):  # ValueError: a port that is no number
        raise BadInput("the casebook url cannot be read: write postgresql://host/name") from None
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadInput(
            "a casebook lives in SQLite or PostgreSQL, not in {kind}", kind=url.get_backend_name()
        )
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise BadInput("a casebook needs a file: write sqlite:///path/to/casebook.db")
    return url


def _engine(url: URL, timeout_s: float) -> Engine:
    sqlite = url.get_backend_name() == "sqlite"
    extra: dict[str, Any] = {"connect_args": {"timeout": timeout_s}} if sqlite else {}
    try:
        engine = sa.create_engine(
            url, hide_parameters=True, pool_pre_ping=not sqlite, pool_timeout=timeout_s, **extra
        )
    except (ImportError, NoSuchModuleError):
        raise DongseonError(
            "the driver for {kind} is not installed: install it, for instance psycopg",
            kind=url.drivername,
        ) from None
    if sqlite:
        _prepare_sqlite(engine, timeout_s)
    else:
        _prepare_postgresql(engine, timeout_s)
    return engine


def _prepare_sqlite(engine: Engine, timeout_s: float) -> None:
    @sa.event.listens_for(engine, "connect")
    def connected(dbapi: Any, _record: object) -> None:
        dbapi.isolation_level = None  # the driver begins nothing by itself
        dbapi.execute("PRAGMA foreign_keys=ON")
        _use_wal(dbapi, time.monotonic() + timeout_s)

    @sa.event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writing = connection.get_execution_options().get("dongseon_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _use_wal(dbapi: Any, until_s: float) -> None:
    """Switch to write-ahead logging; SQLite's own waiting does not cover this step."""
    while True:
        try:
            dbapi.execute("PRAGMA journal_mode=WAL")
            return
        except dbapi.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > until_s:
                raise
            time.sleep(0.02)


def _prepare_postgresql(engine: Engine, timeout_s: float) -> None:
    @sa.event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        if connection.get_execution_options().get("dongseon_write", False):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(timeout_s * 1000)}")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")
