"""Child processes that never outlive the command that started them."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

from tools.console import Failure

PR_SET_PDEATHSIG = 1
LINES_SHOWN = 25
_libc = ctypes.CDLL(None)
_running = set()


def exit_on_signals():
    """Turn a polite request to stop into an exception, so that clean-up happens."""

    def leave(number, _frame):
        for process in list(_running):
            process.terminate()
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def _die_with_parent(number):
    def set_in_child():
        _libc.prctl(PR_SET_PDEATHSIG, number)

    return set_in_child


def start(command, log, *, death_signal=signal.SIGTERM, **options):
    """Start a server in a process group of its own, its output in the file ``log``.

    The kernel ends it when the thread that called this ends, however that happens.
    """
    log = Path(log)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # No other thread of ours holds a lock then: servers start in the main one.
            preexec_fn=_die_with_parent(death_signal),  # noqa: PLW1509
            **options,
        )


def stop(process, timeout=15):
    """End a process made by ``start`` together with all it started itself."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def run(command, failed, **options):
    """Run a command quietly and return its output; raise with its last lines.

    :param str failed: what could not be done, and what to do about it
    :raise Failure: when the command is missing or ends with another status than 0
    """
    try:
        status, output = capture(command, **options)
    except FileNotFoundError as error:
        raise Failure(f"{failed}\n{command[0]} is not installed.") from error
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{failed}\nNo answer within {error.timeout} s.") from error
    if status:
        raise Failure(f"{failed}\n{last_lines(output)}")
    return output


def capture(command, *, timeout=None, **options):
    """Run a command and return its exit status and output."""
    process = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        **options,
    )
    with _ended_with_us(process):
        output, _none = process.communicate(timeout=timeout)
    return process.returncode, output


@contextmanager
def _ended_with_us(process):
    _running.add(process)
    try:
        yield
    finally:
        _running.discard(process)
        if process.poll() is None:
            process.kill()
            process.wait()


def last_lines(text, count=LINES_SHOWN):
    return "\n".join(text.splitlines()[-count:])


def free_port():
    """Return a TCP port on 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
