"""``make format``: put every file into the form that ``make lint`` asks for."""

from tools import processes, python_packages, runtime
from tools.console import run_main, say
from tools.lint import prettier
from tools.paths import ROOT

COMMANDS = (
    ("ruff", "check", "--fix-only", "--quiet", "."),
    ("ruff", "format", "--quiet", "."),
    prettier("--write"),
)


def main():
    processes.exit_on_signals()
    runtime.ensure()
    for command in COMMANDS:
        environment = python_packages.environment()
        failed = f"{command[0]} could not format everything."
        processes.run(command, failed, cwd=ROOT, env=environment)
    say("Formatted.")
    return 0


if __name__ == "__main__":
    run_main(main)
