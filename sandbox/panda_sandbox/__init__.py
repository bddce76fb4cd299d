"""A local stand-in for the WatchGuard Cloud ("Panda") provisioning API.

What it reproduces, and what it had to choose, is in ``docs/watchguard-api.md``; the
docstrings cite its anchors.
"""
