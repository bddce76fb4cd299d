"""Drives many sagas at once: the only place that claims, marks and commits."""
