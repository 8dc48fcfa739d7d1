"""Pages with packs that judge attributes, or leave faces out: what counts is said, in words."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import judge
import pytest
from visits import PAGE, fill, press, red_photo, words

from app import i18n
from core.types import Camera, Recorder
from core.worker import Worker
from core.workspace import Workspace

NINE = 1777593600.0
MARK = "*참고만*"


def made(folder: Path, pack: str, models: list[Path], films: dict[str, Path]) -> Path:
    ws = Workspace.create(folder, pack, models)
    for n, (camera, film) in enumerate(films.items()):
        place = Camera(camera, f"카메라 {n + 1}", camera, 37.5665, 126.9780 + n * 0.002)
        ws.add_camera(place, Recorder(camera, 0.0, 2.0, NINE, "photo"))
        for _ in ws.ingest(film, camera=camera, start=f"2026-05-01T09:0{n * 4}:00+09:00"):
            pass
    ws.close()
    return folder


@pytest.fixture(scope="module")
def _judging(tmp_path_factory, tiny_pack, tiny_films) -> Path:
    models = [judge.make(tmp_path_factory.mktemp("judge")), tiny_pack]
    return made(tmp_path_factory.mktemp("judging") / "ws", "judging", models, tiny_films)


@pytest.fixture
def judging(_judging: Path, tmp_path: Path) -> Iterator[Path]:
    """A workspace whose model judges the top's colour well and bags no better than guessing."""
    yield Path(shutil.copytree(_judging, tmp_path / "ws"))
    i18n.use("ko")


def labels(app) -> dict[str, tuple[str, str]]:
    """{attribute as the form names it: (its whole label, its help)}."""
    found = {}
    for one in app.main.caption:
        for name in i18n.ATTRIBUTE_WORDS:
            word = i18n.attribute_word(name)
            if one.value.removesuffix(MARK).strip() == word:
                found[word] = (one.value, one.proto.help)
    return found


def without_picture(app):
    return app.segmented_control(key="new-way").set_value("looks").run()


def test_a_tick_that_gives_no_evidence_is_marked_with_the_reason(visit, judging: Path) -> None:
    app = visit(judging)
    assert not app.exception
    shown = labels(app)
    assert len(shown) == len(i18n.ATTRIBUTE_WORDS)
    assert shown["상의 색"] == ("상의 색", "")
    label, why = shown["가방"]
    assert label == f"가방  \n{MARK}"
    assert "균형 정확도 0\\.52" in why
    assert "찍는 것과 거의 다르지 않습니다" in why
    assert "속성 모델이 판정하지 않는" in shown["모자"][1]
    assert sum(MARK in label for label, _ in shown.values()) == len(shown) - 1
    assert "인상착의 표시는 참고만" not in words(app)


def test_the_marks_are_on_an_open_case_too_and_speak_english(visit, judging: Path) -> None:
    opened = Workspace.open(judging)
    case = opened.new_case("x", attributes={"upper_color": "red"}, reason="r")
    opened.close()
    app = visit(judging, case=case, lang="en")
    said = [one.value for one in app.main.caption if "reference only" in one.value]
    assert "Bag  \n*reference only*" in said
    why = next(c.proto.help for c in app.main.caption if c.value.startswith("Bag  \n"))
    assert "balanced accuracy 0\\.52 \\(0\\.49 to 0\\.56" in why


def test_without_an_attribute_model_one_sentence_says_so(visit, tiny_workspace: Path) -> None:
    app = visit(tiny_workspace)
    assert [i.value for i in app.info if "인상착의 표시는 참고만" in i.value]
    assert not any(MARK in one.value for one in app.main.caption)
    app = without_picture(app)
    assert "인상착의만으로 검색할 수 없습니다" in app.warning[0].value
    app.pills(key="new-upper_color").set_value("red")
    app = fill(app)
    assert "속성 모델이 없어 인상착의만으로는" in app.error[0].value
    opened = Workspace.open(tiny_workspace)
    assert opened.cases() == []
    opened.close()


def test_a_person_of_whom_there_is_no_picture_is_searched_by_ticks(visit, judging: Path) -> None:
    app = without_picture(visit(judging))
    assert "후보는 단서일 뿐" in words(app)
    assert not app.get("file_uploader")
    refused = fill(app)
    assert "다음 중 하나를 표시하거나" in refused.error[0].value
    assert "상의 색" in refused.error[0].value
    app.pills(key="new-upper_color").set_value("red")
    app.pills(key="new-bag").set_value("backpack")
    app = fill(app)
    assert not app.exception
    assert not app.error
    said = words(app)
    assert "사진 없음: 표시한 인상착의로 비교" in said
    assert "●○○ 약함" in said
    assert "●●●" not in said
    assert "▲ 인상착의: 본인 쪽" in said
    assert "표시한 대로 보임\\: 상의 색 빨강" in said
    assert "참고만\\, 비교하지 않음\\: 가방 배낭" in said
    assert "가방 배낭" not in "\n".join(
        c.value for c in app.main.caption if "표시한 대로" in c.value
    )
    app = press(app, "맞음")
    assert not app.exception
    app = press(app, "확인한 모습으로 다시 검색")
    assert not app.exception
    assert "의류 기준: 확인된 영상" in words(app)
    app = visit(judging, PAGE["route"], case=app.query_params["case"][0])
    assert not app.exception
    assert not app.error


def test_before_anybody_is_confirmed_ticks_make_no_route(visit, judging: Path) -> None:
    opened = Workspace.open(judging)
    case = opened.new_case("x", attributes={"upper_color": "red"}, reason="r")
    idle = opened.new_case("y", attributes={"bag": "none"}, reason="r")
    opened.close()
    app = visit(judging, PAGE["route"], case=case)
    assert not app.exception
    assert "인상착의만으로는 동선을 만들지 않습니다" in app.error[0].value
    app = visit(judging, PAGE["search"], case=idle)
    assert "다음 중 하나를 표시하거나" in app.error[0].value


def test_the_system_page_says_which_ticks_count(visit, judging: Path, tiny_workspace) -> None:
    app = visit(judging, PAGE["system"])
    table = next(t.value for t in app.main.table if "항목" in t.value.columns)
    row = table[table["항목"] == "가방"].iloc[0]
    assert row["검색에서"] == "참고만"
    assert "찍는 것과" in row["이유"]
    assert (table["검색에서"] == "비교함").sum() == 1
    app = visit(tiny_workspace, PAGE["system"])
    assert any("인상착의 모델 없음" in i.value for i in app.info)


def test_the_system_page_offers_to_describe_anew_what_other_models_described(
    visit, judging: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    table = (judging / "workspace.toml").read_text("utf-8")
    folder = next(
        p for p in map(Path, tomllib.loads(table)["directories"]) if (p / "judge.onnx").exists()
    )
    judge.retrained(folder, again, judging)
    app = visit(judging, PAGE["system"])
    assert not app.exception
    assert "영상 조각 2개는 다른 모델로 분석되었습니다" in words(app)
    app = press(app, "새로 분석")
    assert not app.exception
    ws = Workspace.open(judging)
    assert [(job.kind, job.state) for job in ws.jobs.all()] == [("reindex", "queued")] * 2
    assert {"취소", "일시정지"} <= {b.label for b in app.main.button}
    assert "새로 분석" not in {b.label for b in app.main.button}
    assert Worker(ws).run(once=True) == 2
    ws.close()
    app = visit(judging, PAGE["system"])
    assert not app.exception
    assert "다른 모델로 분석" not in words(app)
    assert "새로 분석" not in {b.label for b in app.main.button}
    app = visit(judging, PAGE["footage"])
    assert not app.exception


def test_a_pack_without_faces_says_so_where_photos_are_given_and_models_shown(
    visit, faceless_pack, tiny_films, tmp_path
) -> None:
    folder = made(tmp_path / "faceless", "faceless", [faceless_pack], tiny_films)
    app = visit(folder)
    assert "표시하지 않으면 사진을 비교하지 않습니다" in words(app)
    app.checkbox(key="new-same").check()
    app = fill(app, pictures=[red_photo()])
    assert not app.exception
    assert not app.error
    said = words(app)
    assert "이 모델 묶음은 얼굴을 보지 않습니다" in said
    assert "●●○ 보통" in said
    app = visit(folder, PAGE["system"])
    assert any("얼굴을 보지 않습니다" in i.value for i in app.info)
