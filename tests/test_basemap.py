"""An agency's own map: what is taken from a file, what is refused, what a workspace keeps."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from mapped import HOSTILE, ROUTE, layers, page, town

from core import cli, routemap
from core.errors import BadInput, NotFound
from core.routemap import Tiles
from core.routemap.basemap import kind_of, shapes, street_names
from core.routemap.ground import MOST_BYTES, clean, ground, tiles_of
from core.workspace import Workspace

LINE = [[126.97, 37.57], [126.99, 37.57]]
CORNERS = ((37.56, 126.97), (37.58, 126.99))


def feature(at: Any = LINE, shape: str = "LineString", **properties: Any) -> dict[str, Any]:
    geometry = {"type": shape, "coordinates": at}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def data(*features: dict[str, Any]) -> bytes:
    return json.dumps(collection(*features)).encode()


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"kind": "water"}, "water"),
        ({"highway": "primary_link"}, "main_road"),
        ({"highway": "residential"}, "road"),
        ({"highway": "steps"}, "path"),
        ({"railway": "subway"}, "rail"),
        ({"waterway": "river"}, "water"),
        ({"leisure": "park"}, "green"),
        ({"building": "yes"}, "building"),
        ({"building": "no"}, ""),
        ({"boundary": "administrative"}, "boundary"),
        ({"kind": HOSTILE[3]}, ""),
        ({}, ""),
    ],
)
def test_the_kind_is_ours_or_read_from_map_tags(tags: dict[str, str], kind: str) -> None:
    assert kind_of(tags) == kind


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "an object was expected"),
        (b'{"type": "FeatureCollection", "features": 3}', "a list was expected"),
        (data(), "no streets"),
        (data(feature([126.97, 37.57], "Point")), "no streets"),
        (data(feature([[200_000.0, 550_000.0], [1, 2]])), "not degrees"),
        (b'{"type":"LineString","coordinates":[[NaN,1],[2,3]]}', "not degrees"),
        (data(feature([["<", 1], [2, 3]])), "coordinates"),
        (data(feature(3)), "a list was expected"),
        (b" " * (MOST_BYTES + 1), "more than 60 MB"),
    ],
)
def test_a_file_that_is_no_map_is_refused_in_one_sentence(given: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=re.escape(sentence)):
        clean(given)


def test_an_imported_map_keeps_kinds_places_and_names_and_nothing_else(tmp_path: Path) -> None:
    cameras = town()
    kept = routemap.import_base(
        tmp_path,
        data(
            feature(highway="primary", name="세종대로", owner="secret"),
            feature([[LINE[0], LINE[1], [126.98, 37.58], LINE[0]]], "Polygon", leisure="park"),
        ),
        cameras.values(),
    )
    assert kept.kinds == {"main_road": 1, "green": 1}
    assert (kept.names, kept.cameras_inside, kept.cameras) == (1, 5, 6)
    text = (tmp_path / "basemap" / "streets.geojson").read_text("utf-8")
    assert "secret" not in text
    base = ground(tmp_path).base
    assert [(s.kind, s.name) for s in shapes(base)] == [("green", ""), ("main_road", "세종대로")]
    routemap.remove_base(tmp_path)
    assert ground(tmp_path).base is None
    with pytest.raises(NotFound):
        routemap.remove_base(tmp_path)


@pytest.mark.parametrize("name", HOSTILE)
def test_street_names_are_shown_as_text(name: str) -> None:
    base = collection(feature(highway="primary", name=name))
    html = page(base=base)
    assert "49" not in re.findall(r">(\d\d)<", html)
    assert not re.search(r"<img\b|<svg[^>]+onload|window\.pwned=1</script>", html)
    for mark in street_names(base, CORNERS):
        assert not set("`\\{}") & set(re.sub(r"&#12[35];", "", mark["properties"]["html"]))


def test_each_name_stands_once_in_the_view_on_its_longest_street() -> None:
    far = [[120.0, 30.0], [120.1, 30.0]]
    short = [[126.975, 37.575], [126.976, 37.575]]
    base = collection(
        feature(name="가로", highway="primary"),
        feature(short, name="가로", highway="primary"),
        feature(far, name="먼 길", highway="primary"),
        feature(name="집", building="yes"),
    )
    names = street_names(base, CORNERS)
    assert len(names) == 1
    assert "가로" in names[0]["properties"]["html"]
    assert names[0]["geometry"]["coordinates"] == pytest.approx([126.98, 37.57])


def test_streets_far_from_the_view_are_not_sent_to_the_browser() -> None:
    far = feature([[120.0, 30.0], [120.1, 30.0]], highway="primary")
    near, both = (
        json.dumps(layers(routemap.route_map(ROUTE, town(), base=collection(*given))))
        for given in ((feature(),), (feature(), far))
    )
    assert "120.1" not in both
    assert near.count("MultiLineString") == both.count("MultiLineString")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://map.example/{z}/{x}/{y}",
        "javascript:alert(1)",
        "http://user:pw@map.example/{z}/{x}/{y}",
        "http://map.example/{z}/{x}",
        "http://map.example/{z}/{x}/{y}/{{7*7}}",
        "http://map.example/{z}/{x}/{y}{%raw%}",
        "http://map.example/{z}/{x}/{y}`${1}",
        "http://map.example/{z}/{x}/{y} ; script-src *",
        "http:///{z}/{x}/{y}",
        "",
    ],
)
def test_an_address_that_is_no_map_server_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        Tiles(url)


def test_a_map_server_is_asked_only_when_an_agency_wrote_it_down(tmp_path: Path) -> None:
    assert tiles_of(tmp_path) is None
    xyz = Tiles("https://map.agency.example:8443/t/{z}/{x}/{y}.png", attribution=HOSTILE[4])
    routemap.set_tiles(tmp_path, xyz)
    assert tiles_of(tmp_path) == xyz
    assert xyz.origin == "https://map.agency.example:8443"
    drawn = routemap.route_map(ROUTE, town(), tiles=xyz).get_root().render()
    assert "map.agency.example:8443/t/{z}/{x}/{y}.png" in drawn
    assert "<img src=x" not in drawn
    wms = Tiles("https://map.agency.example/wms?", layers="roads,houses")
    assert "tileLayer.wms" in routemap.route_map(ROUTE, town(), tiles=wms).get_root().render()
    routemap.set_tiles(tmp_path, None)
    assert tiles_of(tmp_path) is None
    assert "agency.example" not in page()


def test_a_damaged_setting_is_said(tmp_path: Path) -> None:
    (tmp_path / "basemap").mkdir()
    (tmp_path / "basemap" / "server.json").write_text("{}")
    with pytest.raises(BadInput, match="import the base map again"):
        ground(tmp_path)


def test_the_verbs_import_show_and_remove(
    tiny_workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "town.geojson"
    file.write_bytes(data(feature(highway="primary", name="세종대로")))
    where = ["--workspace", str(tiny_workspace), "--json"]

    def run(*verb: str) -> dict[str, Any]:
        assert cli.main(["basemap", *verb, *where]) == 0
        return dict(json.loads(capsys.readouterr().out))

    assert run("import", str(file))["cameras_inside"] == 0
    assert run("server", "http://10.0.0.5/{z}/{x}/{y}.png")["server"].startswith("http://10.0.0.5")
    assert run("show") == {"shapes": 1, "server": "http://10.0.0.5/{z}/{x}/{y}.png"}
    assert run("server", "--none") == {"server": None}
    run("remove")
    assert run("show") == {"shapes": 0, "server": None}
    assert cli.main(["basemap", "import", str(tmp_path / "none"), *where]) == 2
    assert cli.main(["basemap", "server", *where]) == 2


def test_the_route_verb_writes_every_kind_of_file(
    tiny_workspace: Path, red_box: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ws = Workspace.open(tiny_workspace)
    case = ws.new_case("2026-0412", reason="test", by="kim")
    ws.draw_box(case, *red_box, by="kim")
    ws.close()
    kinds = ("html", "geojson", "kml", "csv", "svg", "card")
    options = [text for kind in kinds for text in (f"--{kind}", str(tmp_path / f"out.{kind}"))]
    run = ["route", case, *options, "--workspace", str(tiny_workspace)]
    assert cli.main(run) == 0
    heads = {"html": "<!DOCTYPE", "geojson": "{", "kml": "<?xml", "svg": "<svg", "card": "<!DOC"}
    for kind in kinds:
        assert (tmp_path / f"out.{kind}").read_text("utf-8").startswith(heads.get(kind, "\ufeff"))
    assert cli.main([*run, "--way", "nowhere"]) == 2
    assert "best" in capsys.readouterr().err
