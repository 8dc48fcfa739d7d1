"""Many outlines in, drawn at once: their shadows together, each body alone for its pixels.

Their points are moved by the bones here and not on the GPU, which takes the time of a tenth of the
triangles; bodies that are drawn alone share pages, for reading a picture back waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.citizens.coarse import Outline

Float64 = NDArray[np.float64]
Image = NDArray[np.uint8]
Area = tuple[int, int, int, int]
"""x1, y1, x2, y2 px, whole pixels of a picture."""


class Crowd:
    """The outlines of one moment on the GPU. program: draws `position` through `camera`."""

    def __init__(self, gl: Any, program: Any, size: tuple[int, int]) -> None:
        self._gl, self._program, self._size = gl, program, size
        self._vertices = gl.buffer(reserve=1 << 20, dynamic=True)
        self._corners = gl.buffer(reserve=1 << 20, dynamic=True)
        self._spans: list[tuple[int, int]] = []
        self._page = gl.framebuffer([gl.texture(size, 1, alignment=1)])
        self._array = self._bound()

    def _bound(self) -> Any:
        content = [(self._vertices, "3f", "position")]
        return self._gl.vertex_array(self._program, content, self._corners)

    def place(self, outlines: Sequence[Outline], bones: Sequence[Float64]) -> None:
        """Take these outlines, moved by their bones (4 B,3), from now on."""
        points = [one.points @ rows for one, rows in zip(outlines, bones, strict=True)]
        start = np.cumsum([0, *map(len, points)])
        corners = [one.triangles + at for one, at in zip(outlines, start, strict=False)]
        end = np.cumsum([0, *(3 * len(f) for f in corners)]).tolist()
        self._spans = [(a, b - a) for a, b in pairwise(end)]
        if not points:
            return
        rows = np.concatenate(points).astype(np.float32).tobytes()
        whole = np.concatenate(corners).astype(np.int32).tobytes()
        if len(rows) > self._vertices.size or len(whole) > self._corners.size:
            self._array.release()
            self._vertices.orphan(max(len(rows), self._vertices.size))
            self._corners.orphan(max(len(whole), self._corners.size))
            self._array = self._bound()
        self._vertices.write(rows)
        self._corners.write(whole)

    def draw(self, camera: Float64) -> None:
        """All of them into the framebuffer in use, through a clip matrix (4,4)."""
        self._program["camera"].write(camera.T.astype("f4").tobytes())
        if self._spans:
            self._array.render(vertices=self._spans[-1][0] + self._spans[-1][1])

    def alone(self, camera: Float64, areas: Sequence[Area]) -> Iterator[Image]:
        """Of each, (h,w) what it covers of its part of the picture, 255 or 0."""
        self._program["camera"].write(camera.T.astype("f4").tobytes())
        w, h = self._size
        for page in packed(areas, self._size):
            self._page.use()
            self._page.clear()
            for n, (x, y) in page:
                x1, y1, x2, y2 = areas[n]
                self._page.viewport = x - x1, y - (h - y2), w, h
                self._page.scissor = x, y, x2 - x1, y2 - y1
                first, many = self._spans[n]
                self._array.render(vertices=many, first=first)
            self._page.scissor = None
            self._page.viewport = 0, 0, w, h
            raw = np.frombuffer(self._page.read(components=1, alignment=1), np.uint8)
            shown = raw.reshape(h, w)
            for n, (x, y) in page:
                x1, y1, x2, y2 = areas[n]
                yield shown[y : y + y2 - y1, x : x + x2 - x1][::-1]


def packed(areas: Sequence[Area], size: tuple[int, int]) -> list[list[tuple[int, tuple[int, int]]]]:
    """Areas side by side on pages of a size, in their order: [[(number, (x, y))]]."""
    pages: list[list[tuple[int, tuple[int, int]]]] = []
    x, y, tall = 0, 0, 0
    for n, (x1, y1, x2, y2) in enumerate(areas):
        wide, high = x2 - x1, y2 - y1
        if x + wide > size[0]:  # the next shelf
            x, y, tall = 0, y + tall, 0
        if not pages or y + high > size[1]:
            pages.append([])
            x, y, tall = 0, 0, 0
        pages[-1].append((n, (x, y)))
        x, tall = x + wide, max(tall, high)
    return pages
