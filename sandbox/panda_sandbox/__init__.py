"""A local stand-in for the WatchGuard Cloud ("Panda") provisioning API.

Docstrings cite the rows of the project's API notes that a module reproduces
("panda-api 9.3").
"""
