"""``make bench``: measure how fast contacts are synchronised, beside its peers.

ONLY=raw,queue_job,… runs some of the parts, PACE=bucket,goodput,… some measurements of
the part pace; ACCOUNTS, LATENCY (milliseconds), ROUNDS, SMALL, LARGE, ROWS and PRESSES
make them smaller.
"""

from bench import main as bench
from tools import processes, runtime
from tools.console import run_main


def main():
    processes.exit_on_signals()
    runtime.ensure()
    return bench.run()


if __name__ == "__main__":
    run_main(main)
