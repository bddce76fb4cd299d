"""Everything a command needs before it can work; does only what is missing.

Run as a program it is what ``make`` does before everything else.
"""

import fcntl
from concurrent.futures import ThreadPoolExecutor

from tools import browser, odoo_source, processes, python_packages
from tools.console import run_main
from tools.paths import RUNTIME


def ensure():
    """Set up whatever is missing. Two commands at once take turns."""
    RUNTIME.mkdir(exist_ok=True)
    with (RUNTIME / "setup.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        parts = (python_packages.fetch, odoo_source.fetch, browser.fetch)
        with ThreadPoolExecutor() as pool:
            for part in [pool.submit(part) for part in parts]:
                part.result()
        odoo_source.complete()


def main():
    processes.exit_on_signals()
    ensure()
    return 0


if __name__ == "__main__":
    run_main(main)
