"""A model's name in, a verified callable out: models.toml -> file with the right hash -> session.

Directories only make files findable; what a file is, is decided by its sha256. Preprocessing comes
from the row alone. Nothing is downloaded unless `fetch` is called.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import tomllib
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core import cascade, threads
from core.errors import ModelError, NotFound
from core.types import Image

BARENESS = "face_bareness"  # judges whether a lower face is bare, beside the rules of core.mask
TASKS = ("person", "face", "face_embedding", BARENESS, "body_embedding", "attributes")
PART = "part"  # task of a file that only works behind another: no pack names it
FACES = ("face", "face_embedding")
OPTIONAL = (*FACES, BARENESS, "attributes")  # a pack may leave them out; faces both or neither
EVIDENCE = ("face_embedding", "body_embedding", "attributes")  # the others find, or let pass
BUILTIN = "builtin"  # the pack whose weights come with Dongseon
FOUND = ("box", "score", "kps")  # outputs of what decodes faces itself
PROVIDERS = ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider")


@dataclass(frozen=True)
class Row:
    """One weight file of models.toml; see the head of that file for the units.

    parts     names of the rows whose files run behind this one, in that order
    whitened  calibration of vectors changed by what a site's people have in common
              (`core.rank.Whitening`); without one they are compared as they are
    """

    name: str
    task: str
    file: str
    url: str
    sha256: str
    bytes: int
    licence: str
    training_data: str
    origin: str
    batch: Literal[1, "n"]
    input: Mapping[str, Any]
    output: Mapping[str, Any]
    calibration: Mapping[str, Any] = field(default_factory=dict)
    whitened: Mapping[str, Any] = field(default_factory=dict)
    rerank: bool = False  # whether `eval reid` showed that a second order of tracklets gains
    parts: Sequence[str] = ()

    def __post_init__(self) -> None:
        if Path(self.file).name != self.file:  # else it could be written outside the cache
            raise ValueError(f"{self.name}: file is a bare file name, got {self.file!r}")

    @property
    def size(self) -> tuple[int, int]:
        """Input (width, height) in px."""
        width, height = self.input["size"]
        return width, height


@dataclass(frozen=True)
class Pack:
    """A set of models that belong together: one name for each of TASKS, "" for none of OPTIONAL.

    A pack without `face` and `face_embedding` never looks at a face: clothing and body alone.
    """

    name: str
    title: str
    notice: str
    person: str
    body_embedding: str
    face: str = ""
    face_embedding: str = ""
    face_bareness: str = ""
    attributes: str = ""

    def __post_init__(self) -> None:
        if bool(self.face) != bool(self.face_embedding):
            raise ValueError(f"pack {self.name}: name face and face_embedding, or neither")
        if self.face_bareness and not self.face:
            raise ValueError(f"pack {self.name}: face_bareness without face judges nothing")

    @property
    def tasks(self) -> dict[str, str]:
        """{task: the model for it}, without those the pack leaves out."""
        named = {task: getattr(self, task) for task in TASKS}
        return {task: name for task, name in named.items() if name or task not in OPTIONAL}

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(self.tasks.values())


def _table(directories: Iterable[str | Path] = ()) -> dict[str, dict[str, Any]]:
    """models.toml of this package and of its weights, then of every folder on the search path.

    A name that is taken keeps its first meaning: a folder cannot redefine a measured model.
    """
    folders = [Path(__file__).parent, shipped_dir(), *search_path(directories)]
    files = [folder / "models.toml" for folder in folders]
    merged: dict[str, dict[str, Any]] = {"models": {}, "packs": {}}
    for file in files:
        for part, entries in _parsed(file).items():
            for name, entry in entries.items():
                merged[part].setdefault(name, entry)
    return merged


def _parsed(file: Path) -> dict[str, dict[str, Any]]:
    """{"models": {name: Row}, "packs": {name: Pack}} of one models.toml, or nothing."""
    if not file.is_file():
        return {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        return {
            "models": {n: Row(name=n, **row) for n, row in table.get("models", {}).items()},
            "packs": {n: Pack(name=n, **one) for n, one in table.get("packs", {}).items()},
        }
    except (ValueError, TypeError, AttributeError) as error:  # TOML and UTF-8 errors among them
        raise ModelError("{file} is not a table of models: {why}", file=file, why=error) from None


def rows(directories: Iterable[str | Path] = ()) -> dict[str, Row]:
    """Every known weight file by name. ModelError for unknown keys in a models.toml."""
    return _table(directories)["models"]


def packs(directories: Iterable[str | Path] = ()) -> dict[str, Pack]:
    """Every known pack by name, in order of preference."""
    return _table(directories)["packs"]


def pack(name: str, directories: Iterable[str | Path] = ()) -> Pack:
    """The pack of that name; NotFound names the ones there are."""
    known = packs(directories)
    if name not in known:
        raise NotFound(
            "model pack {pack!r} is not known: use one of {packs}",
            pack=name[:40],
            packs=", ".join(known),
        )
    found: Pack = known[name]
    return found


def cache_dir() -> Path:
    """Where fetched and imported weights are kept for this user."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "dongseon" / "models"


def shipped_dir() -> Path:
    """The weights that come with Dongseon: data/models of a clone, a folder of its own in a wheel.

    `core/shipped` is a link to data/models, so that a wheel holds them; where a clone has no links,
    data/models itself.
    """
    inside = Path(__file__).parent / "shipped"
    shipped = inside if inside.is_dir() else Path(__file__).parent.parent / "data" / "models"
    return shipped.resolve()


def named_dirs(directories: Iterable[str | Path] = ()) -> list[Path]:
    """The folders somebody named: the given ones, then DONGSEON_MODELS (empty means unset)."""
    variable = os.environ.get("DONGSEON_MODELS")
    return [Path(folder) for folder in (*directories, *([variable] if variable else []))]


def search_path(directories: Iterable[str | Path] = ()) -> list[Path]:
    """Folders looked at, first wins: given ones, DONGSEON_MODELS, the cache, data/models."""
    return [*named_dirs(directories), cache_dir(), shipped_dir()]


def find(row: Row, directories: Iterable[str | Path] = ()) -> Path | None:
    """The first file of the row's name on the search path, not yet verified, or None."""
    places = (directory / row.file for directory in search_path(directories))
    return next((place for place in places if place.is_file()), None)


def check(row: Row, content: bytes, where: object) -> None:
    """Raise ModelError unless the content is what models.toml says."""
    if len(content) != row.bytes or hashlib.sha256(content).hexdigest() != row.sha256:
        raise _another(row, where)


def _another(row: Row, where: object) -> ModelError:
    return ModelError(
        "{where} is not the {model} that was measured (its sha256 differs): "
        "delete it and import the right file with `dongseon models import`",
        where=where,
        model=row.name,
    )


def verify(row: Row, path: Path) -> bytes:
    """The file's content, if it is what models.toml says. Raises ModelError."""
    content = path.read_bytes()
    check(row, content, path)
    return content


def _row(name: str, known: Mapping[str, Row]) -> Row:
    if name not in known:
        raise NotFound("model {model!r} is not known", model=name[:60])
    return known[name]


def needed(name: str, directories: Iterable[str | Path] = ()) -> list[Row]:
    """Rows of all files of the pack, the parts of a model right behind it. Raises NotFound."""
    directories = list(directories)
    known = rows(directories)
    models = [_row(model, known) for model in pack(name, directories).models]
    return [row for model in models for row in (model, *(_row(p, known) for p in model.parts))]


def missing(name: str, directories: Iterable[str | Path] = ()) -> list[Row]:
    """Rows of the pack whose file cannot be found. Raises NotFound."""
    directories = list(directories)
    return [row for row in needed(name, directories) if find(row, directories) is None]


def default_pack(directories: Iterable[str | Path] = ()) -> str:
    """The pack that is meant where none is named. Raises ModelError if none is complete.

    1. A pack all of whose files lie in the folders somebody named (--models, DONGSEON_MODELS): who
       names a folder means what is in it. `builtin` is no better than others there.
    2. Else `builtin`, where all its files can be found.
    3. Else the first complete one, in the order of `packs`.
    """
    directories = list(directories)
    complete = [name for name in packs(directories) if not missing(name, directories)]
    named = named_dirs(directories)
    for name in complete:
        files = [row.file for row in needed(name, directories)]
        if all(any((folder / file).is_file() for folder in named) for file in files):
            return name
    if complete:
        return BUILTIN if BUILTIN in complete else complete[0]
    raise ModelError(
        "no complete model pack was found in {places}: "
        "name a folder with --models DIR, or run `dongseon models fetch opencv-zoo`",
        places=", ".join(str(place) for place in search_path(directories)),
    )


class Model:
    """A weight file ready to run.

    Call it with pictures (B,H,W,3) uint8 RGB of exactly the row's input size; it returns the
    file's output arrays, batch axis first. preferred: providers to use if there, best first
    """

    def __init__(self, row: Row, content: bytes, preferred: Sequence[str] = PROVIDERS) -> None:
        import onnxruntime

        onnxruntime.set_default_logger_severity(3)
        available = onnxruntime.get_available_providers()
        wanted = [p for p in preferred if p in available]
        self.row = row
        self._session = onnxruntime.InferenceSession(content, threads.options(), providers=wanted)
        self._input = self._session.get_inputs()[0].name

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def providers(self) -> tuple[str, ...]:
        """What ONNX Runtime really uses, best first."""
        return tuple(self._session.get_providers())

    @property
    def output_names(self) -> tuple[str, ...]:
        return tuple(output.name for output in self._session.get_outputs())

    def __call__(self, images: Image) -> tuple[NDArray[np.float32], ...]:
        """Run pictures (B,H,W,3) uint8 RGB; H, W must be the row's. B = 0 is a ValueError."""
        width, height = self.row.size
        if images.dtype != np.uint8 or images.shape[1:] != (height, width, 3) or not len(images):
            raise ValueError(f"{self.name} wants (B,{height},{width},3) uint8, got {images.shape}")
        return self._infer(images)

    def _infer(self, images: Image) -> tuple[NDArray[np.float32], ...]:
        batch = self._prepare(images)  # (B,3,H,W) float32
        parts = [batch] if self.row.batch == "n" else [batch[i : i + 1] for i in range(len(batch))]
        results = [self._session.run(None, {self._input: part}) for part in parts]
        return tuple(np.concatenate(arrays) for arrays in zip(*results, strict=True))

    def _prepare(self, images: Image) -> NDArray[np.float32]:
        spec = self.row.input
        ordered = images[..., ::-1] if spec["color"] == "BGR" else images
        std = np.asarray(spec["std"], dtype=np.float32)
        gain = 1 / (np.float32(spec["scale"]) * std)  # (3,)
        shift = np.asarray(spec["mean"], dtype=np.float32) / std
        values = ordered.astype(np.float32) * gain - shift  # (B,H,W,3)
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2))


class LibraryModel(Model):
    """A file of an insightface package: the library runs it, behind the same call."""

    def __init__(self, row: Row, path: Path) -> None:
        import onnxruntime

        from core import insight

        available = onnxruntime.get_available_providers()
        self._providers = tuple(p for p in PROVIDERS[1:] if p in available)
        self.row = row
        self._run, task = insight.runner(path, row.size, self._providers)
        self._outputs = insight.FACE_OUTPUTS if task == "detection" else ("embedding",)

    @property
    def providers(self) -> tuple[str, ...]:
        """What the library was asked to use, best first."""
        return self._providers

    @property
    def output_names(self) -> tuple[str, ...]:
        return self._outputs

    def _infer(self, images: Image) -> tuple[NDArray[np.float32], ...]:
        return self._run(images)


class CascadeModel(Model):
    """Three files that look one after the other (`core.cascade`), behind the same call.

    Gives box (B,M,4), score (B,M), kps (B,M,5,2) as a library's detector does; score 0 = none.
    """

    def __init__(self, row: Row, stages: Sequence[Model]) -> None:
        self.row = row
        self.stages = tuple(stages)
        self.search = cascade.Search.of(row.output)

    @property
    def providers(self) -> tuple[str, ...]:
        """What ONNX Runtime really uses for the first stage, best first."""
        return self.stages[0].providers

    @property
    def output_names(self) -> tuple[str, ...]:
        return FOUND

    def looked(self, images: Sequence[Image]) -> list[list[cascade.Candidates]]:
        """Per picture (H,W,3) uint8 RGB of any size what each stage lets pass."""
        runs = [lambda crops, one=stage: one._infer(crops)[0] for stage in self.stages]
        return cascade.find(runs, images, self.search)

    def _infer(self, images: Image) -> tuple[NDArray[np.float32], ...]:
        faces = [stages[-1] for stages in self.looked([_filled(image) for image in images])]
        most = max(1, *(len(one) for one in faces))
        box = np.zeros((len(faces), most, 4), np.float32)
        score = np.zeros((len(faces), most), np.float32)
        points = np.zeros((len(faces), most, 5, 2), np.float32)
        for i, one in enumerate(faces):
            box[i, : len(one)], score[i, : len(one)] = one.box, one.score
            points[i, : len(one)] = one.points
        return box, score, points


def _filled(image: Image) -> Image:
    """A picture without the black that letterboxing put to its right and below it."""
    shown = np.asarray(image).max(axis=2) > 0  # (H,W)
    down, across = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    return image[: down[-1] + 1, : across[-1] + 1] if len(down) else image[:1, :1]


_loaded: dict[tuple[str, Path, int], Model] = {}  # (name, file, its time) -> ready to run


def load(name: str, directories: Sequence[str | Path] = ()) -> Model:
    """The model of that name, verified. Raises NotFound or ModelError."""
    directories = list(directories)
    row = _row(name, rows(directories))
    path = find(row, directories)
    if path is None:
        raise ModelError(
            "{file} ({model}, {megabytes:.1f} MB, {licence}) was not found: name its folder with "
            "--models DIR, or bring it with `dongseon models import`",
            file=row.file,
            model=row.name,
            megabytes=row.bytes / 1e6,
            licence=row.licence,
        )
    key = (name, path, path.stat().st_mtime_ns)
    if key not in _loaded or _loaded[key].row != row:  # another models.toml may say otherwise
        content = verify(row, path)
        by_library = row.output["decoder"] == "insightface"
        _loaded[key] = LibraryModel(row, path) if by_library else Model(row, content)
    if row.parts:
        return CascadeModel(row, [_loaded[key], *(load(part, directories) for part in row.parts)])
    return _loaded[key]


def _keep(row: Row, content: bytes) -> Path:
    """Write verified content into the user's cache, whole or not at all."""
    target = cache_dir() / row.file
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as partial:
        partial.write(content)
    os.replace(partial.name, target)
    return target


def import_files(source: str | Path) -> list[Row]:
    """Copy known weight files (recognised by sha256) from a file or folder into the user's cache.

    A file that only has the size of a known one is passed over. Raises NotFound if there is none,
    ModelError if that is because one was damaged.
    """
    source = Path(source)
    files = sorted(p for p in source.rglob("*") if p.is_file()) if source.is_dir() else [source]
    by_size: dict[int, list[Row]] = {}  # several: one network trained twice weighs the same
    for row in rows().values():
        by_size.setdefault(row.bytes, []).append(row)
    found: list[Row] = []
    damaged: list[ModelError] = []
    for path in files:
        alike = by_size.get(path.stat().st_size, []) if path.is_file() else []
        content = path.read_bytes() if alike else b""
        known = [row for row in alike if hashlib.sha256(content).hexdigest() == row.sha256]
        for row in known:
            _keep(row, content)
            found.append(row)
        if alike and not known:
            damaged.append(_another(alike[0], path))
    if damaged and not found:
        raise damaged[0]
    if not found:
        raise NotFound("{source}: no weight file that Dongseon knows is there", source=source)
    return found


def _download(url: str, limit: int, progress: Callable[[int, int], None]) -> bytes:
    """The content behind an address, at most one block beyond `limit` bytes of it."""
    content = bytearray()
    with urllib.request.urlopen(url, timeout=30) as answer:
        while len(content) <= limit and (block := answer.read(1 << 20)):
            content += block
            progress(len(content), limit)
    return bytes(content)


def fetch(row: Row, progress: Callable[[int, int], None] = lambda done, total: None) -> Path:
    """Download one row's file into the user's cache and verify it; only ever called when asked to.

    progress is called with (bytes done, bytes in all). Raises ModelError.
    """
    if not row.url:
        raise ModelError(
            "{model} has no public address: bring the file with `dongseon models import`",
            model=row.name,
        )
    try:
        content = _download(row.url, row.bytes, progress)
    except (OSError, HTTPException, ValueError) as error:
        raise ModelError(
            "{model} could not be fetched ({reason}): fetch it elsewhere and use "
            "`dongseon models import FILE`",
            model=row.name,
            reason=error,
        ) from None
    check(row, content, row.url)
    return _keep(row, content)
