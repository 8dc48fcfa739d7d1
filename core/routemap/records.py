"""A route and its cameras in, plain records out: table rows and GeoJSON, in words and in data."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

from core.routemap.scene import (
    LETTERS,
    Translate,
    camera_name,
    camera_point,
    clock,
    leg_kind,
    leg_sentence,
    line_geometry,
    lines,
    moment,
    place_words,
    plain_text,
    point_geometry,
    stop_point,
    stop_words,
)
from core.types import Camera, LastSeen, Route, note

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # also as full-width characters

Row = dict[str, str | int | bool | None]


def route_rows(
    route: Route,
    cameras: Mapping[str, Camera],
    tz: str = "Asia/Seoul",
    *,
    translate: Translate = str,
) -> list[Row]:
    """The table twin of the map: one row per stop, in order, with plain values (not escaped).

    Keys: stop (1-based), camera (id or None), place, from and to (``2026-05-01 09:03:10``), word,
    confirmed, unstable, travel (from the stop before; None in the first row).

    Raises BadInput if the time zone is not known.
    """
    zone = clock(tz)
    rows: list[Row] = []
    for at, stop in enumerate(route.stops):
        rows.append(
            {
                "stop": at + 1,
                "camera": stop.camera_id,
                "place": place_words(stop, cameras, translate)
                or translate(note("place not known")),
                "from": f"{moment(stop.enter_s, zone):%Y-%m-%d %H:%M:%S}",
                "to": f"{moment(stop.leave_s, zone):%Y-%m-%d %H:%M:%S}",
                "word": stop_words(stop, translate),
                "confirmed": stop.confirmed,
                "unstable": stop.unstable,
                "travel": leg_sentence(route.legs[at - 1], leg_kind(route, at - 1), translate)
                if at
                else None,
            }
        )
    return rows


def ask_rows(
    route: Route,
    cameras: Mapping[str, Camera],
    tz: str = "Asia/Seoul",
    *,
    translate: Translate = str,
) -> list[Row]:
    """The cameras to ask next as a table, in order, with plain values (not escaped).

    Keys: letter (as on the map), camera, place, from, to, deadline (until when the footage is
    kept, or None).

    Raises BadInput if the time zone is not known.
    """
    zone = clock(tz)
    return [
        {
            "letter": letter,
            "camera": ask.camera_id,
            "place": camera_name(ask.camera_id, cameras),
            "from": f"{moment(ask.from_s, zone):%Y-%m-%d %H:%M}",
            "to": f"{moment(ask.to_s, zone):%Y-%m-%d %H:%M}",
            "deadline": None
            if ask.deadline_s is None
            else f"{moment(ask.deadline_s, zone):%Y-%m-%d %H:%M}",
        }
        for letter, ask in zip(LETTERS, route.next_cameras, strict=False)
    ]


def stops_csv(rows: Sequence[Row], columns: Mapping[str, str]) -> str:
    """Rows as CSV for a spreadsheet: UTF-8 with its mark, and no cell that is taken for a formula.

    columns  {key: heading} in order
    """
    kept = io.StringIO()
    kept.write("\ufeff")
    writer = csv.writer(kept)
    writer.writerow([harmless(heading) for heading in columns.values()])
    for row in rows:
        writer.writerow([harmless(row[key]) for key in columns])
    return kept.getvalue()


def harmless(value: object) -> str:
    """A cell on one line that no spreadsheet runs: an apostrophe goes before = + - @."""
    text = "" if value is None else plain_text(str(value))
    return f"'{text}" if text.startswith(FORMULA) else text


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _feature(kind: str, geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": {"kind": kind, **properties}}


def _camera_features(cameras: Mapping[str, Camera]) -> list[dict[str, Any]]:
    return [
        _feature(
            "camera",
            point_geometry(point),
            camera=camera.id,
            name=camera.name,
            heading_deg=camera.heading_deg,
            view_range_m=camera.view_range_m,
        )
        for camera in cameras.values()
        if (point := camera_point(camera)) is not None
    ]


def _stop_features(
    route: Route, cameras: Mapping[str, Camera], zone: tzinfo
) -> list[dict[str, Any]]:
    return [
        _feature(
            "stop",
            point_geometry(point),
            stop=number,
            camera=stop.camera_id,
            tracklet=stop.tracklet_id,
            enter=moment(stop.enter_s, zone).isoformat(),
            leave=moment(stop.leave_s, zone).isoformat(),
            probability=_number(stop.probability),
            band=stop.band,
            confirmed=stop.confirmed,
            unstable=stop.unstable,
            source=stop.source,
            radius_m=_number(stop.radius_m),
            sigma_s=_number(stop.sigma_s),
        )
        for number, stop in enumerate(route.stops, start=1)
        if (point := stop_point(stop, cameras)) is not None
    ]


def _leg_features(route: Route, cameras: Mapping[str, Camera]) -> list[dict[str, Any]]:
    return [
        _feature(
            "leg",
            line_geometry(line.ends),
            from_stop=line.number,
            to_stop=line.number + 1,
            status=line.kind,
            low_s=_number(line.leg.low_s),
            high_s=_number(line.leg.high_s),
            distance_m=_number(line.leg.distance_m),
            feasible=line.leg.feasible,
            vehicle_only=line.leg.vehicle_only,
            why=str(line.leg.why),
        )
        for line in lines(route, cameras)
    ]


def _next_features(
    route: Route, cameras: Mapping[str, Camera], zone: tzinfo
) -> list[dict[str, Any]]:
    return [
        _feature(
            "next",
            point_geometry(point),
            rank=rank,
            camera=ask.camera_id,
            probability=_number(ask.probability),
            from_time=moment(ask.from_s, zone).isoformat(),
            to_time=moment(ask.to_s, zone).isoformat(),
            deadline=None if ask.deadline_s is None else moment(ask.deadline_s, zone).isoformat(),
        )
        for rank, ask in enumerate(route.next_cameras, start=1)
        if (point := camera_point(cameras.get(ask.camera_id))) is not None
    ]


def _seen_feature(seen: LastSeen, zone: tzinfo) -> dict[str, Any]:
    return _feature(
        "last_seen",
        point_geometry((seen.lat, seen.lon)),
        from_time=moment(seen.from_s, zone).isoformat(),
        to_time=moment(seen.to_s, zone).isoformat(),
        radius_m=_number(seen.radius_m),
    )


def route_geojson(
    route: Route,
    cameras: Mapping[str, Camera],
    tz: str = "Asia/Seoul",
    *,
    last_seen: LastSeen | None = None,
) -> dict[str, Any]:
    """The route as an RFC 7946 FeatureCollection.

    properties.kind: camera, last_seen, stop, leg or next.

    Missing is null; what has no place is left out. Texts are data, not HTML: escape them on show.

    Raises BadInput if the time zone is not known.
    Source: [rfc7946]
    """
    zone = clock(tz)
    features = [
        *_camera_features(cameras),
        *([_seen_feature(last_seen, zone)] if last_seen is not None else []),
        *_leg_features(route, cameras),
        *_stop_features(route, cameras, zone),
        *_next_features(route, cameras, zone),
    ]
    return {"type": "FeatureCollection", "features": features}
