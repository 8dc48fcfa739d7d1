"""Labelled crops in; trained body models as ONNX files with their cards and table rows out.

A side wing (extra `train`): nothing on the floors of `core` or in `app` imports it, and only it
imports torch. It is started by `dongseon train`.
"""
