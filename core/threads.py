"""The environment in; how ONNX Runtime may use the processor, out.

Several models run in one process, and the app, a worker and a second worker run on one machine. By
default each session's threads spin while they wait, and so take the processor from one another.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from core.errors import BadInput

if TYPE_CHECKING:
    import onnxruntime

SPINNING = "session.intra_op.allow_spinning"


def options() -> onnxruntime.SessionOptions:
    """Options of a session: DONGSEON_THREADS threads (else one a core) that wait asleep.

    Raises BadInput where that is no number of threads.
    """
    import onnxruntime

    said = os.environ.get("DONGSEON_THREADS") or "0"
    if not said.isdecimal():
        raise BadInput("DONGSEON_THREADS is a number of threads, not {said!r}", said=said[:40])
    made = onnxruntime.SessionOptions()
    made.intra_op_num_threads = int(said)  # 0: one a core
    made.add_session_config_entry(SPINNING, "0")
    return made
