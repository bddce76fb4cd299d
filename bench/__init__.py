"""Measurements of the engine, each beside a peer in the same run."""
