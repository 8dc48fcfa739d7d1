"""Footage and a person looked for in; candidates with reasons, and a route with doubts, out.

The folder listing is the pipeline: errors, types, then from files to frames to people to evidence
to routes. `from core import Workspace` is the public API; it is loaded when first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.workspace import Workspace

__all__ = ["Workspace"]


def __getattr__(name: str) -> object:
    if name == "Workspace":
        from core.workspace import Workspace

        return Workspace
    raise AttributeError(f"module 'core' has no attribute {name!r}")
