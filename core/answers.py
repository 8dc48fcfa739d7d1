"""Rankings and routes in; the JSON that is a contract, and the same for people to read, out."""

from __future__ import annotations

import math
from typing import Any

from core.types import Path, Ranking, Route
from core.workspace import iso_time

WORDS = {
    "strong": "강함 strong",
    "moderate": "보통 moderate",
    "weak": "약함 weak",
    "insufficient": "판단 불가 insufficient",
    "against": "다른 사람 쪽 speaks against",
}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 4)


def ranking_json(case: str, ranking: Ranking, zone: str) -> dict[str, Any]:
    """The JSON of `search`; keys are a contract."""
    candidates = [
        {
            "tracklet_id": ranking.tracklet_id[i],
            "camera_id": ranking.camera_id[i],
            "enter": iso_time(ranking.enter_s[i], zone),
            "leave": iso_time(ranking.leave_s[i], zone),
            "evidence": _number(ranking.evidence[i]),
            **{part: _number(values[i]) for part, values in ranking.parts.items()},
            "expected_false": _number(ranking.expected_false[i]),
            "band": ranking.band[i],
            "reasons": [str(reason) for reason in ranking.reasons[i]],
        }
        for i in ranking.order_evidence
    ]
    looked = ranking.searched
    return {
        "case": case,
        "candidates": candidates,
        "searched": {
            "tracklets": looked.tracklets,
            "cameras": list(looked.cameras),
            "cameras_asked": list(looked.cameras_asked),
            "footage_s": round(looked.footage_s, 1),
            "gaps_s": round(looked.gaps_s, 1),
        },
        "method": ranking.method,
        "warnings": [str(warning) for warning in ranking.warnings],
    }


def ranking_text(values: dict[str, Any], shown: int = 10) -> str:
    """The same for people: the best candidates, each with its reasons, and what was searched."""
    looked = values["searched"]
    lines = [f"case {values['case']}"]
    for rank, one in enumerate(values["candidates"][:shown], start=1):
        lines.append(
            f"{rank:>3}  {WORDS[one['band']]:<24} {one['camera_id']:<12} "
            f"{one['enter'][:19].replace('T', ' ')}  {one['tracklet_id']}"
        )
        lines += [f"       - {reason}" for reason in one["reasons"]]
    if len(values["candidates"]) > shown:
        lines.append(f"     ... {len(values['candidates']) - shown} more (--json shows all)")
    lines.append(
        f"searched {looked['tracklets']} people in {looked['footage_s'] / 60:.1f} min of footage, "
        f"cameras {len(looked['cameras'])}/{len(looked['cameras_asked'])}, "
        f"gaps {looked['gaps_s'] / 60:.1f} min"
    )
    return "\n".join([*lines, *(f"! {warning}" for warning in values["warnings"])])


def _path_json(path: Path) -> dict[str, Any]:
    return {
        "cameras": list(path.camera_id),
        "tracklets": list(path.tracklet_id),
        "probability": _number(path.probability),
    }


def route_json(case: str, route: Route, zone: str) -> dict[str, Any]:
    """The JSON of `route`; keys are a contract."""

    return {
        "case": case,
        "stops": [
            {
                "camera_id": stop.camera_id,
                "tracklet_id": stop.tracklet_id,
                "enter": iso_time(stop.enter_s, zone),
                "leave": iso_time(stop.leave_s, zone),
                "probability": _number(stop.probability),
                "band": stop.band,
                "confirmed": stop.confirmed,
                "unstable": stop.unstable,
            }
            for stop in route.stops
        ],
        "legs": [
            {
                "low_s": _number(leg.low_s),
                "high_s": _number(leg.high_s),
                "distance_m": _number(leg.distance_m),
                "feasible": leg.feasible,
                "vehicle_only": leg.vehicle_only,
                "why": str(leg.why),
            }
            for leg in route.legs
        ],
        "p_never": _number(route.p_never),
        "alternatives": [_path_json(one) for one in route.alternatives],
        "rival": _path_json(route.rival) if route.rival is not None else None,
        "next_cameras": [
            {
                "camera_id": one.camera_id,
                "probability": _number(one.probability),
                "from": iso_time(one.from_s, zone),
                "to": iso_time(one.to_s, zone),
                "deadline": iso_time(one.deadline_s, zone) if one.deadline_s else None,
            }
            for one in route.next_cameras
        ],
        "warnings": [str(warning) for warning in route.warnings],
        "method": route.method,
    }


def route_text(values: dict[str, Any]) -> str:
    """The same for people."""
    lines = [f"case {values['case']}: {len(values['stops'])} stops"]
    for n, stop in enumerate(values["stops"], start=1):
        how = "confirmed" if stop["confirmed"] else WORDS[stop["band"]]
        lines.append(
            f"{n:>3}  {stop['camera_id'] or 'place':<12} {stop['enter'][:19].replace('T', ' ')}"
            f" - {stop['leave'][11:19]}  {how} (P {stop['probability']:.2f})"
        )
        if n <= len(values["legs"]):
            lines.append(f"       | {values['legs'][n - 1]['why']}")
    lines.append(f"probability that the person is nowhere in this footage: {values['p_never']:.2f}")
    if values["next_cameras"]:
        lines.append("look next at:")
    for one in values["next_cameras"][:5]:
        window = f"{one['from'][:19].replace('T', ' ')} - {one['to'][11:19]}"
        lines.append(f"     {one['camera_id']:<12} {window}  (P {one['probability']:.2f})")
    return "\n".join([*lines, *(f"! {warning}" for warning in values["warnings"])])
