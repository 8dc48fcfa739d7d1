"""Tracklets and descriptions of finished clips in; rows, pictures and cosine scores out."""

from core.gallery.gallery import Gallery, pool
from core.gallery.index import Scores

__all__ = ["Gallery", "Scores", "pool"]
