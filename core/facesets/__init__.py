"""Folders and files of public face data sets in; their pictures, pairs, people and boxes out.

Nothing is decoded or written here, pictures are read when they are asked for, and what a list says
is checked before it is believed: no name in it may lead out of the folder it lies in.
"""

from core.facesets.binary import bin_pairs
from core.facesets.folders import casia, kface
from core.facesets.lfw import lfw_pairs
from core.facesets.recordio import recordio
from core.facesets.values import Face, KFace, Pairs, Scene
from core.facesets.wider import wider

__all__ = [
    "Face",
    "KFace",
    "Pairs",
    "Scene",
    "bin_pairs",
    "casia",
    "kface",
    "lfw_pairs",
    "recordio",
    "wider",
]
