"""Synthetic people, cameras and a town: a world without real faces that knows its own truth."""
