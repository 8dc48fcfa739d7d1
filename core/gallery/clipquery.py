"""Clip files, a kind of row and time windows in; the rows that DuckDB chooses out, as Arrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import pyarrow as pa

_SELECT = """
SELECT {columns}
FROM read_parquet($files, hive_partitioning = true, hive_types_autocast = false) AS r
WHERE r.kind = $kind AND ($model::VARCHAR IS NULL OR r.model = $model::VARCHAR) {window}
ORDER BY r.camera_id, r.enter_s, r.tracklet_id, r.model
"""
_WINDOW = """
AND EXISTS (
  FROM (SELECT unnest($cameras::VARCHAR[]) AS camera_id,
               unnest($from_s::DOUBLE[]) AS from_s,
               unnest($to_s::DOUBLE[]) AS to_s) AS w
  WHERE w.camera_id = r.camera_id AND r.leave_s >= w.from_s AND r.enter_s <= w.to_s)
"""


class ClipQuery:
    """DuckDB inside this process; it can read below the gallery's folder and nothing else."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._database: duckdb.DuckDBPyConnection | None = None
        self._lock = Lock()

    def __call__(
        self,
        files: Sequence[Path],
        columns: Sequence[str],
        kind: str,
        model: str | None = None,
        between: Mapping[str, tuple[float, float]] | None = None,
    ) -> pa.Table:
        """Rows of one kind, by camera, time and id. Raises duckdb.Error if a file is unreadable.

        columns  names that the caller has checked: they are the only words put into the query
        between  {camera: (from_s, to_s)} in camera clock; a row counts if its span overlaps
        """
        values: dict[str, Any] = {"kind": kind, "model": model}
        values["files"] = [_literal(path) for path in files]
        if between is not None:
            values["cameras"] = list(between)
            values["from_s"] = [float(window[0]) for window in between.values()]
            values["to_s"] = [float(window[1]) for window in between.values()]
        query = _SELECT.format(
            columns=", ".join(f'r."{name}"' for name in columns),
            window="" if between is None else _WINDOW,
        )
        with self._connect().cursor() as cursor:
            return cursor.sql(query, params=values).to_arrow_table()

    def _connect(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._database is None:
                config: dict[str, str | bool | int | float | list[str]] = {
                    "autoinstall_known_extensions": False,
                    "autoload_known_extensions": False,
                    "enable_external_file_cache": False,  # it need not notice a replaced clip
                }
                database = duckdb.connect(config=config)
                roots = [str(self.root), _literal(self.root)]  # both spellings are checked
                database.execute("SET allowed_directories = $roots", {"roots": roots})
                database.execute("SET enable_external_access = false")
                self._database = database
            return self._database


def _literal(path: Path) -> str:
    """A path that DuckDB does not read as a pattern."""
    return "".join(f"[{c}]" if c in "[*?" else c for c in str(path))
