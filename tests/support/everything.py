"""Everything a workspace knows about its footage, to compare two of them."""

from __future__ import annotations

from pathlib import Path

from core.workspace import Workspace


def contents(workspace: Path) -> dict[str, object]:
    """Everything the gallery and the coverage ledger say, to compare two workspaces."""
    ws = Workspace.open(workspace)
    ids = ws.gallery.select(columns=("tracklet_id",)).column(0).to_pylist()
    arrays = ("t_s", "box", "score", "crop_at", "crop_box", "crop_quality")
    said = {
        "clips": ws.clips(),
        "tracklets": [
            (t.id, t.crops, *(getattr(t, name).tobytes() for name in arrays))
            for t in ws.gallery.tracklets(ids)
        ],
        "vectors": [
            (d.of_id, model, v.kind, v.rows.tobytes(), v.size_px.tobytes(), v.crop.tobytes())
            for d in ws.gallery.descriptions(ids)
            for model, v in d.vectors.items()
        ],
        "missing": [d.missing for d in ws.gallery.descriptions(ids)],
        "coverage": [
            (c.camera_id, c.from_s, c.to_s, c.state)
            for c in sorted(ws.casebook.coverage(), key=lambda c: (c.camera_id, c.from_s, c.to_s))
        ],
        "damaged": ws.gallery.damaged(),
    }
    ws.close()
    return said
