"""Works off the queue of accounts: SQL, threads, and no decision of its own.

It knows ``core``, ``panda_api`` and the database. What people and records are to hear
of goes to a :class:`~.runner.RunListener`.
"""
