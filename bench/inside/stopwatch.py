"""Processor time of this thread within chosen methods, nested calls counted once."""

import functools
import inspect
import time


class Stopwatch:
    """Adds up ``seconds`` while any of ``methods`` runs; as a context manager.

    :param methods: pairs of a class and the name of a method
    """

    def __init__(self, methods):
        self.seconds = 0.0
        self._methods = methods
        self._originals = []
        self._depth = 0

    @classmethod
    def of_engine(cls):
        """The parts of the engine that deal with the database."""
        from odoo.addons.base.models.ir_cron import IrCron
        from odoo.addons.panda_provisioning.engine import queue, request_log

        methods = [(IrCron, "_commit_progress")]
        for owner in (request_log.RequestLog, queue.Queue):
            public = inspect.getmembers(owner, inspect.isfunction)
            methods += [
                (owner, name) for name, _f in public if not name.startswith("_")
            ]
        return cls(methods)

    def __enter__(self):
        for owner, name in self._methods:
            original = getattr(owner, name)
            self._originals.append((owner, name, original))
            setattr(owner, name, self._timed(original))
        return self

    def __exit__(self, *_error):
        for owner, name, original in self._originals:
            setattr(owner, name, original)

    def _timed(self, method):
        @functools.wraps(method)
        def timed(*arguments, **options):
            started = time.thread_time()
            self._depth += 1
            try:
                return method(*arguments, **options)
            finally:
                self._depth -= 1
                if not self._depth:
                    self.seconds += time.thread_time() - started

        return timed
