"""Processor time and memory of a process and all that it has started."""

from contextlib import suppress

import psutil


def family(pid):
    """Return the process ``pid`` and all below it."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_seconds(processes):
    """Return user and system time together, of ended children too."""
    total = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])
    return total


class Memory:
    """Peak memory of a family of processes, in MiB.

    ``pss`` counts a page that several processes share once: forked workers are not
    charged for what they have in common. ``rss`` counts it for each of them.
    """

    def __init__(self, pid):
        self._pid = pid
        self.pss = 0.0
        self.rss = 0.0
        self.processes = 0

    def sample(self):
        """Look, and keep what is the most so far."""
        pss = rss = count = 0
        for process in family(self._pid):
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                used = process.memory_full_info()
                pss, rss, count = pss + used.pss, rss + used.rss, count + 1
        self.pss = max(self.pss, pss / 2**20)
        self.rss = max(self.rss, rss / 2**20)
        self.processes = max(self.processes, count)
