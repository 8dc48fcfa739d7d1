"""One line of the securing list in, the draft of a letter to the owner out: text, or a page.

The letter is Korean whatever the officer reads, because its reader is the owner of a recorder in
Korea. It is a draft: the officer checks the legal basis and fills in what is in brackets.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from core.casebook import Case
from core.securing import Item
from core.types import Recorder

MISSING_CHILDREN = (
    "「실종아동등의 보호 및 지원에 관한 법률」 제9조"
    "(2024. 9. 27. 시행 개정: 수색·수사에 필요한 영상정보 제공 요청)"
)
BASIS: Mapping[str, str] = {
    "minor": f"{MISSING_CHILDREN}. 실종 당시 18세 미만인 아동",
    "disability": f"{MISSING_CHILDREN}. 지적·자폐성·정신장애인",
    "dementia": f"{MISSING_CHILDREN}. 치매환자",
    "adult": (
        "「개인정보 보호법」 제18조 제2항 제3호(급박한 생명·신체의 이익을 위하여 필요한 경우), "
        "「경찰관 직무집행법」 제8조 [성인: 보내기 전에 감독자 확인]"
    ),
    "crime": (
        "「형사소송법」 제199조 제2항(사실조회), 「개인정보 보호법」 제18조 제2항. "
        "[응하지 않으면 영장 검토]"
    ),
}
NO_BASIS = "[사건 구분이 정해지지 않았습니다. 법적 근거를 적으십시오]"
KINDS: Mapping[str, str] = {
    "road": "도로·방범 CCTV(공공)",
    "subway": "지하철·역",
    "bus": "버스",
    "large_shop": "대형 매장",
    "private": "민간 CCTV",
    "dashcam": "차량 블랙박스",
}
KEEP = (
    "먼저 해당 구간이 지워지지 않게 보존해 주십시오.",
    "원본 파일 그대로, 재생 프로그램과 함께 제공해 주시기 바랍니다.",
)
USE = "실종자를 찾는 목적으로만 이용하고 기록을 남기며, 목적을 이루면 관계 법령에 따라 파기합니다."
DAYS = "월화수목금토일"
STYLE = (
    "@page{size:A4;margin:22mm}body{font:11.5pt/1.7 'Noto Sans KR','Noto Sans CJK KR',"
    "'Malgun Gothic',sans-serif;color:#111;max-width:172mm;margin:10mm auto;padding:0 4mm;"
    "word-break:keep-all;overflow-wrap:anywhere}h1{font-size:17pt;text-align:center;"
    "margin:6mm 0 8mm}.draft{border:1px solid #b57d00;padding:2mm 4mm;font-size:10pt}"
    "dl{display:grid;grid-template-columns:30mm 1fr;gap:2.5mm 4mm;border-top:1.5px solid #111;"
    "border-bottom:1.5px solid #111;padding:4mm 0}dt{font-weight:700}dd{margin:0}"
    "dd p{margin:0 0 1mm}.time{font-size:13.5pt;font-weight:700}"
)


@dataclass(frozen=True)
class Part:
    """One headed part of the letter; of strong ones the first line stands out."""

    head: str
    lines: tuple[str, ...]
    strong: bool = False


@dataclass(frozen=True)
class Letter:
    """A letter to an owner, ready to be written out."""

    title: str
    draft: str
    lead: str
    parts: tuple[Part, ...]
    end: str


def letter(item: Item, case: Case, *, by: str, now_s: float, zone: str = "Asia/Seoul") -> Letter:
    """The request for the footage of one line. by: the officer; now_s: when it is written."""
    wish, here = item.request.wish, ZoneInfo(zone)
    shown, true = _span(*item.window, here), _span(wish.from_s, wish.to_s, here)
    until = _when(item.deadline_s, here)
    kind = KINDS.get(item.owner_kind, "종류 미확인")
    contact = (f"연락처 {item.contact}",) if item.contact else ()
    camera = (f"카메라 {wish.camera_id}, 녹화기 {item.clock.id}",) if wish.camera_id else ()
    parts = (
        Part("사건번호", (f"{case.title} (관리번호 {case.id})",)),
        Part("요청 근거", (case.basis.strip() or BASIS.get(case.category, NO_BASIS),)),
        Part("받는 분", (f"{item.owner or '[소유자·관리자]'}, {kind}", *contact)),
        Part("대상", (item.name, *camera)),
        Part(
            "요청 시간",
            (
                shown,
                "위 시각은 녹화기 화면에 표시되는 시각입니다.",
                f"실제 시각(한국 표준시)으로는 {true}입니다.",
            ),
            strong=True,
        ),
        Part("녹화기 시계", _clock(item.clock, item.sigma_s, here)),
        Part("보관 기한", (f"{until}부터 덮어쓰일 수 있습니다({_kept(item)}).", *KEEP)),
        Part("이용과 파기", (USE,)),
        Part("담당", (f"{by or '[담당자]'} [소속·전화번호]",)),
    )
    return Letter(
        "실종자 수색을 위한 영상정보 제공 요청",
        "초안입니다. 보내기 전에 법적 근거, 소속 기관의 서식, 대괄호 [ ] 부분을 확인하고, "
        "사건번호에 이름이 들어 있으면 지우십시오.",
        "실종자의 신속한 발견을 위하여 아래와 같이 영상정보의 보존과 제공을 요청합니다.",
        parts,
        f"{datetime.fromtimestamp(now_s, here):%Y. %m. %d.}",
    )


def letter_text(written: Letter) -> str:
    """The letter as plain text."""
    lines = [
        written.title,
        "=" * 2 * len(written.title),
        "",
        f"※ {written.draft}",
        "",
        written.lead,
    ]
    for number, part in enumerate(written.parts, start=1):
        lines += ["", f"{number}. {part.head}", *(f"   {_line(text)}" for text in part.lines)]
    return "\n".join([*lines, "", written.end, ""])


def letter_html(written: Letter) -> str:
    """The letter as one page to print; it holds no script and loads nothing."""
    rows = "".join(
        f"<dt>{html.escape(part.head)}</dt><dd>{_paragraphs(part)}</dd>" for part in written.parts
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return (
        f'<!DOCTYPE html>\n<html lang="ko"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{html.escape(written.title)}</title><style>{STYLE}</style></head><body>"
        f'<p class="draft">{html.escape(written.draft)}</p><h1>{html.escape(written.title)}</h1>'
        f"<p>{html.escape(written.lead)}</p><dl>{rows}</dl>"
        f"<p>{html.escape(written.end)}</p></body></html>\n"
    )


def _paragraphs(part: Part) -> str:
    looks = [' class="time"' if part.strong and not n else "" for n in range(len(part.lines))]
    return "".join(
        f"<p{look}>{html.escape(_line(text))}</p>"
        for look, text in zip(looks, part.lines, strict=True)
    )


def _line(text: str) -> str:
    """What others wrote, on one line."""
    return " ".join(text.split())


def _when(at_s: float, zone: ZoneInfo) -> str:
    moment = datetime.fromtimestamp(at_s, zone)
    return f"{moment:%Y-%m-%d} ({DAYS[moment.weekday()]}) {moment:%H:%M}"


def _span(from_s: float, to_s: float, zone: ZoneInfo) -> str:
    """A window, its day once when both ends lie on it."""
    first, last = _when(from_s, zone), _when(to_s, zone)
    return f"{first} ~ {last[-5:] if first[:10] == last[:10] else last}"


def _clock(recorder: Recorder, sigma_s: float, zone: ZoneInfo) -> tuple[str, ...]:
    """How far the recorder's clock is off, how that is known, and what to do about it."""
    ask = "영상을 복사할 때 녹화기 화면과 휴대전화 시계를 한 장에 촬영해 함께 보내 주십시오."
    if recorder.how == "unchecked" or recorder.checked_at is None:
        return (f"시계를 아직 확인하지 못해 앞뒤로 {_length(sigma_s)}을 더했습니다.", ask)
    offset = recorder.clock_offset_s
    off = "실제 시각과 같음" if abs(offset) < 1 else (
        f"실제보다 {_length(abs(offset))} {'느림' if offset > 0 else '빠름'}"
    )  # fmt: skip
    said = "휴대전화와 나란히 촬영해 확인" if recorder.how == "photo" else "관리자에게 들음"
    when = _when(recorder.checked_at, zone)
    return (f"{off} ({when} {said}, 오차 약 {_length(sigma_s)} 반영).", ask)


def _length(seconds: float) -> str:
    """A length of time in Korean, to the second below an hour, to the minute above."""
    whole = round(seconds)
    days, hours, minutes = whole // 86_400, whole % 86_400 // 3600, whole % 3600 // 60
    parts = [(days, "일"), (hours, "시간"), (minutes, "분")]
    if whole < 3600:
        parts.append((whole % 60, "초"))
    return " ".join(f"{n}{word}" for n, word in parts if n) or "0초"


def _kept(item: Item) -> str:
    by = {"owner": "녹화기 설정", "kind": "같은 종류의 통상 보관", "unknown": "보관 기간 미확인"}
    return f"{by[item.days_by]} {item.days:g}일 기준"
