"""An open database in, the newest schema out: numbered steps, each run once and never edited.

A step is written once and then left alone: a change of the schema is a new step at the end. Times
are Unix seconds; rows about footage of a camera (sightings with source 'cctv', coverage) hold
camera-clock time, as the gallery does, so that correcting a clock moves them with their footage.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.errors import DongseonError

Step = Callable[[str], Sequence[str]]
"""Dialect name ("sqlite" or "postgresql") -> statements."""

VERSION = sa.table("schema_version", sa.column("version"), sa.column("at_s"))


def _first_tables() -> tuple[str, ...]:
    return (
        """CREATE TABLE audit (
            n BIGINT NOT NULL PRIMARY KEY,
            at_s DOUBLE PRECISION NOT NULL,
            actor TEXT,
            action TEXT NOT NULL,
            subject TEXT NOT NULL,
            detail TEXT NOT NULL,
            prev_hash TEXT NOT NULL UNIQUE,
            hash TEXT NOT NULL UNIQUE)""",
        "CREATE INDEX audit_subject ON audit (subject)",
        """CREATE TABLE recorders (
            id TEXT NOT NULL PRIMARY KEY,
            clock_offset_s DOUBLE PRECISION NOT NULL,
            clock_sigma_s DOUBLE PRECISION NOT NULL,
            checked_at DOUBLE PRECISION,
            how TEXT NOT NULL,
            retention_days DOUBLE PRECISION,
            owner TEXT NOT NULL,
            owner_kind TEXT NOT NULL)""",
        """CREATE TABLE cameras (
            id TEXT NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            recorder_id TEXT NOT NULL REFERENCES recorders (id),
            lat DOUBLE PRECISION,
            lon DOUBLE PRECISION,
            heading_deg DOUBLE PRECISION,
            view_range_m DOUBLE PRECISION NOT NULL,
            kind TEXT NOT NULL)""",
        """CREATE TABLE cases (
            id TEXT NOT NULL PRIMARY KEY,
            title TEXT NOT NULL,
            reason TEXT NOT NULL,
            category TEXT NOT NULL,
            basis TEXT NOT NULL,
            actor TEXT,
            wanted TEXT NOT NULL,
            last_seen TEXT,
            same_clothes INTEGER NOT NULL,
            opened_s DOUBLE PRECISION NOT NULL,
            closed_s DOUBLE PRECISION)""",
        """CREATE TABLE photos (
            n BIGINT NOT NULL UNIQUE,
            case_id TEXT NOT NULL REFERENCES cases (id),
            sha256 TEXT NOT NULL,
            name TEXT NOT NULL,
            taken_s DOUBLE PRECISION,
            removed_s DOUBLE PRECISION,
            PRIMARY KEY (case_id, sha256))""",
        """CREATE TABLE boxes (
            n BIGINT NOT NULL PRIMARY KEY,
            case_id TEXT NOT NULL REFERENCES cases (id),
            clip_sha256 TEXT NOT NULL,
            path TEXT NOT NULL,
            at_s DOUBLE PRECISION NOT NULL,
            box TEXT NOT NULL,
            true_s DOUBLE PRECISION,
            removed_s DOUBLE PRECISION,
            UNIQUE (case_id, clip_sha256, at_s, box))""",
        """CREATE TABLE sightings (
            n BIGINT NOT NULL PRIMARY KEY,
            case_id TEXT NOT NULL REFERENCES cases (id),
            source TEXT,
            verdict TEXT,
            tracklet_id TEXT,
            camera_id TEXT REFERENCES cameras (id),
            enter_s DOUBLE PRECISION,
            leave_s DOUBLE PRECISION,
            lat DOUBLE PRECISION,
            lon DOUBLE PRECISION,
            radius_m DOUBLE PRECISION,
            sigma_s DOUBLE PRECISION,
            evidence DOUBLE PRECISION,
            why TEXT NOT NULL,
            actor TEXT NOT NULL,
            at_s DOUBLE PRECISION NOT NULL,
            undoes BIGINT UNIQUE REFERENCES sightings (n),
            CHECK ((source IS NULL) = (undoes IS NOT NULL)))""",
        "CREATE INDEX sightings_case ON sightings (case_id, n)",
        """CREATE TABLE searches (
            n BIGINT NOT NULL UNIQUE,
            id TEXT NOT NULL PRIMARY KEY,
            case_id TEXT NOT NULL REFERENCES cases (id),
            actor TEXT,
            reason TEXT NOT NULL,
            query TEXT NOT NULL,
            n_candidates BIGINT NOT NULL,
            receipt TEXT NOT NULL,
            at_s DOUBLE PRECISION NOT NULL)""",
        "CREATE INDEX searches_case ON searches (case_id, n)",
        """CREATE TABLE coverage (
            n BIGINT NOT NULL PRIMARY KEY,
            camera_id TEXT NOT NULL REFERENCES cameras (id),
            from_s DOUBLE PRECISION NOT NULL,
            to_s DOUBLE PRECISION NOT NULL,
            state TEXT NOT NULL,
            actor TEXT,
            at_s DOUBLE PRECISION NOT NULL)""",
        "CREATE INDEX coverage_camera ON coverage (camera_id, from_s)",
    )


# REPLACE deletes rows without asking the delete trigger, so an insert must also fit the chain's end
_GENESIS_1 = "0" * 64
_BREAKS_CHAIN_1 = f"""
    NEW.n <> (SELECT coalesce(max(n), 0) + 1 FROM audit) OR NEW.prev_hash <> coalesce(
        (SELECT hash FROM audit ORDER BY n DESC LIMIT 1), '{_GENESIS_1}')"""


def _first_guards_sqlite() -> tuple[str, ...]:
    refuse = "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
    return (
        f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit {refuse}",
        f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit {refuse}",
        f"CREATE TRIGGER audit_chain BEFORE INSERT ON audit WHEN {_BREAKS_CHAIN_1} {refuse}",
        f"CREATE TRIGGER sightings_no_update BEFORE UPDATE ON sightings {refuse}",
    )


def _first_guards_postgresql() -> tuple[str, ...]:
    refuse = "EXECUTE FUNCTION dongseon_refuse()"
    return (
        """CREATE FUNCTION dongseon_refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'append-only'; END $$""",
        f"""CREATE FUNCTION dongseon_chain() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF {_BREAKS_CHAIN_1} THEN RAISE EXCEPTION 'append-only'; END IF;
            RETURN NEW; END $$""",
        f"""CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit
            FOR EACH ROW {refuse}""",
        f"CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit {refuse}",
        """CREATE TRIGGER audit_chain BEFORE INSERT ON audit
            FOR EACH ROW EXECUTE FUNCTION dongseon_chain()""",
        f"CREATE TRIGGER sightings_no_update BEFORE UPDATE ON sightings FOR EACH ROW {refuse}",
    )


def _first(dialect: str) -> Sequence[str]:
    guards = {"sqlite": _first_guards_sqlite, "postgresql": _first_guards_postgresql}
    return (*_first_tables(), *guards[dialect]())


def _jobs(_: str) -> Sequence[str]:
    """Recordings to be read, and folders that are watched for them."""
    return (
        """CREATE TABLE jobs (
            n BIGINT NOT NULL UNIQUE,
            id TEXT NOT NULL PRIMARY KEY,
            camera_id TEXT NOT NULL REFERENCES cameras (id),
            path TEXT NOT NULL,
            start_s DOUBLE PRECISION NOT NULL,
            fps DOUBLE PRECISION NOT NULL,
            from_s DOUBLE PRECISION,
            to_s DOUBLE PRECISION,
            stamp TEXT NOT NULL,
            actor TEXT,
            place DOUBLE PRECISION NOT NULL,
            added_s DOUBLE PRECISION NOT NULL,
            state TEXT NOT NULL,
            owner TEXT,
            lease_s DOUBLE PRECISION,
            started_s DOUBLE PRECISION,
            ended_s DOUBLE PRECISION,
            done_s DOUBLE PRECISION NOT NULL,
            total_s DOUBLE PRECISION,
            tracklets BIGINT NOT NULL,
            speed DOUBLE PRECISION,
            attempts BIGINT NOT NULL,
            not_before_s DOUBLE PRECISION NOT NULL,
            asked TEXT NOT NULL,
            why TEXT,
            CHECK ((state = 'running') = (owner IS NOT NULL)))""",
        "CREATE INDEX jobs_state ON jobs (state, place)",
        """CREATE TABLE watched (
            n BIGINT NOT NULL UNIQUE,
            path TEXT NOT NULL PRIMARY KEY,
            actor TEXT,
            added_s DOUBLE PRECISION NOT NULL,
            scanned_s DOUBLE PRECISION,
            why TEXT,
            files TEXT NOT NULL)""",
    )


def _cameras_and_requests(_: str) -> Sequence[str]:
    """Who to call about a recorder, changes of cameras to take back, footage asked for."""
    return (
        "ALTER TABLE recorders ADD COLUMN contact TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE coverage ADD COLUMN case_id TEXT REFERENCES cases (id)",
        "ALTER TABLE coverage ADD COLUMN removed_s DOUBLE PRECISION",
        """CREATE TABLE requests (
            n BIGINT NOT NULL PRIMARY KEY,
            case_id TEXT NOT NULL REFERENCES cases (id),
            camera_id TEXT REFERENCES cameras (id),
            place TEXT NOT NULL,
            owner_kind TEXT NOT NULL,
            owner TEXT NOT NULL,
            contact TEXT NOT NULL,
            lat DOUBLE PRECISION,
            lon DOUBLE PRECISION,
            from_s DOUBLE PRECISION NOT NULL,
            to_s DOUBLE PRECISION NOT NULL,
            probability DOUBLE PRECISION,
            actor TEXT NOT NULL,
            at_s DOUBLE PRECISION NOT NULL,
            removed_s DOUBLE PRECISION,
            CHECK (camera_id IS NOT NULL OR place <> ''))""",
        "CREATE INDEX requests_case ON requests (case_id, n)",
        """CREATE TABLE request_states (
            n BIGINT NOT NULL PRIMARY KEY,
            request_n BIGINT NOT NULL REFERENCES requests (n),
            state TEXT NOT NULL,
            asked_from_s DOUBLE PRECISION,
            asked_to_s DOUBLE PRECISION,
            actor TEXT NOT NULL,
            at_s DOUBLE PRECISION NOT NULL,
            removed_s DOUBLE PRECISION)""",
        "CREATE INDEX request_states_request ON request_states (request_n, n)",
        """CREATE TABLE camera_changes (
            n BIGINT NOT NULL PRIMARY KEY,
            batch BIGINT NOT NULL,
            camera_id TEXT NOT NULL,
            recorder_id TEXT NOT NULL,
            before TEXT NOT NULL,
            after TEXT NOT NULL,
            actor TEXT,
            at_s DOUBLE PRECISION NOT NULL,
            removed_s DOUBLE PRECISION)""",
        "CREATE INDEX camera_changes_batch ON camera_changes (batch)",
    )


def _who(_: str) -> Sequence[str]:
    """Who of several in a photo is meant, and what the attribute form has no tick for."""
    return (
        "ALTER TABLE photos ADD COLUMN box TEXT",
        "ALTER TABLE photos ADD COLUMN face TEXT",
        "ALTER TABLE cases ADD COLUMN clothes TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE cases ADD COLUMN height_cm DOUBLE PRECISION",
    )


def _kinds(_: str) -> Sequence[str]:
    """Jobs that describe anew what a camera showed, beside those that read a recording."""
    return ("ALTER TABLE jobs ADD COLUMN kind TEXT NOT NULL DEFAULT 'ingest'",)


STEPS: tuple[Step, ...] = (_first, _jobs, _cameras_and_requests, _who, _kinds)


def migrate(connection: Connection, where: object, steps: Sequence[Step] = STEPS) -> int:
    """Run the steps a database lacks, inside one write transaction; returns how many ran.

    where  the database as a user knows it, for the error

    The write lock makes it safe when two processes open the same database: the second finds the
    work done. Raises DongseonError for a schema newer than `steps`, or another program's file.
    """
    found = _version(connection, where)
    if found > len(steps):
        raise DongseonError(
            "{where} was written by a newer Dongseon (schema {found}, this one knows {known}): "
            "update Dongseon",
            where=where,
            found=found,
            known=len(steps),
        )
    for version, step in enumerate(steps[found:], start=found + 1):
        for statement in step(connection.dialect.name):
            connection.exec_driver_sql(statement)
        connection.execute(sa.insert(VERSION).values(version=version, at_s=time.time()))
    return len(steps) - found


def _version(connection: Connection, where: object) -> int:
    """The newest step that ran; 0 for an empty database, which gets its version table here."""
    tables = set(sa.inspect(connection).get_table_names())
    if VERSION.name in tables:
        return connection.execute(sa.select(sa.func.max(VERSION.c.version))).scalar() or 0
    if tables and connection.dialect.name == "sqlite":  # a server may keep other tables beside ours
        raise DongseonError(
            "{where} is a database of another program: choose another file", where=where
        )
    connection.exec_driver_sql(
        "CREATE TABLE schema_version"
        " (version BIGINT NOT NULL PRIMARY KEY, at_s DOUBLE PRECISION NOT NULL)"
    )
    return 0
