"""The environment in; how ONNX Runtime may use the processor, out.

Several models run in one process, and the app, a worker and a second worker run on one machine. By
default each session's threads spin while they wait, and so take the processor from one another.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnxruntime

SPINNING = "session.intra_op.allow_spinning"


def options() -> onnxruntime.SessionOptions:
    """Options of a session: DONGSEON_THREADS threads (else one a core) that wait asleep."""
    import onnxruntime

    made = onnxruntime.SessionOptions()
    made.intra_op_num_threads = int(os.environ.get("DONGSEON_THREADS") or 0)  # 0: all
    made.add_session_config_entry(SPINNING, "0")
    return made
