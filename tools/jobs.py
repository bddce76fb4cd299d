"""Run several programs at a time, and leave none behind."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tools import processes
from tools.console import say
from tools.results import Results

REPORT_EVERY = 30


@dataclass
class Job:
    """A program to run.

    :param collect: called with the exit status, or None when the time was up; returns
        the results
    """

    name: str
    command: list
    log: Path
    environment: dict
    collect: Callable[[int | None], Results]
    process: object = field(default=None, init=False)
    started: float = field(default=0.0, init=False)

    def start(self, folder):
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        self.started = time.time()
        self.process = processes.start(
            self.command, self.log, env=self.environment, cwd=folder
        )

    def seconds(self):
        """Return how long it runs, or ran: until it last wrote to its log."""
        running = self.process.poll() is None
        until = time.time() if running else self.log.stat().st_mtime
        return max(0, until - self.started)


class Jobs:
    """Jobs of which so many run at once, as a context manager.

    :param int at_once: how many
    :param float limit: seconds after which a job is ended
    """

    def __init__(self, folder, at_once, limit):
        self.folder = folder
        self.at_once = at_once
        self.limit = limit
        self.waiting = []
        self.running = []
        self.results = Results()
        self.reported = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        for job in self.running:
            processes.stop(job.process)

    def add(self, job):
        self.waiting.append(job)
        self.advance()

    def advance(self):
        """Collect what ended and start what may start."""
        for job in list(self.running):
            if job.process.poll() is not None:
                self._finish(job, job.process.returncode)
            elif job.seconds() > self.limit:
                processes.stop(job.process)
                self._finish(job, None)
        while self.waiting and len(self.running) < self.at_once:
            job = self.waiting.pop(0)
            say(f"  {job.name} ... (log: {job.log.relative_to(self.folder)})")
            job.start(self.folder)
            self.running.append(job)
            self.reported = time.monotonic()

    def finish(self):
        """Wait for all jobs and return their results together."""
        while self.running:
            self.advance()
            self._report()
            time.sleep(0.1)
        return self.results

    def _finish(self, job, status):
        processes.stop(job.process)
        self.running.remove(job)
        results = job.collect(status)
        self.results.add(results)
        say(f"  {job.name}: {results.closing_line()} in {job.seconds():.0f} s")

    def _report(self):
        if time.monotonic() - self.reported > REPORT_EVERY:
            self.reported = time.monotonic()
            names = (f"{job.name} since {job.seconds():.0f} s" for job in self.running)
            say(f"  running: {', '.join(names)}")
