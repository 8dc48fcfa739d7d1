"""Tracklets and descriptions of finished clips in; rows, pictures and cosine scores out."""

from core.gallery.clipfile import clip_of
from core.gallery.gallery import Gallery, pool
from core.gallery.index import Lens, Scores

__all__ = ["Gallery", "Lens", "Scores", "clip_of", "pool"]
