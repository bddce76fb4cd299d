"""Breaks everything at random moments and compares what is left."""
