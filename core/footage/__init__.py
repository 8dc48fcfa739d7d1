"""A video file or a folder of pictures in, upright RGB frames with their true times out.

Times are seconds since the first frame, from the presentation time stamps of the file and never
from a frame count: recorders drop frames, vary their rate, and 29.97 is not 30.
"""

from core.footage.ahead import ahead
from core.footage.film import Film, Frame, frame_at, frames, has_pictures, inspect, sha256, state
from core.footage.mp4 import cut
from core.footage.source import existing, mask_url
from core.footage.times import gaps

__all__ = [
    "Film",
    "Frame",
    "ahead",
    "cut",
    "existing",
    "frame_at",
    "frames",
    "gaps",
    "has_pictures",
    "inspect",
    "mask_url",
    "sha256",
    "state",
]
