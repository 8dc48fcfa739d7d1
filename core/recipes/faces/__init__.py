"""Faces of known people in; a face embedder that the product reads, out.

plan -> crops -> network, margins -> training -> export and card; `grid` trains equal small cells of
backbones and losses (table 5 of papers/002); `landmarks` finds the faces in a folder of people.
"""
