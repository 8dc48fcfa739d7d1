"""A name in, the ratio of our time to that of a reference measured in the same run out."""

from core.study.bench.app import app
from core.study.bench.faces import faces
from core.study.bench.ingest import ingest
from core.study.bench.rerank import rerank
from core.study.bench.route import route
from core.study.bench.search import search

__all__ = ["app", "faces", "ingest", "rerank", "route", "search"]
