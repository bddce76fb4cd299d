"""What a test run found, and how it is shown."""

from dataclasses import dataclass, field

from tools.console import say

RULE = "=" * 78


@dataclass
class Results:
    """Outcome of one suite.

    ``failed`` maps the name of a test, or of a check, to what is known about it.
    """

    passed: int = 0
    failed: dict = field(default_factory=dict)
    skipped: dict = field(default_factory=dict)

    def fail(self, name, detail):
        """Record a failure; several of the same test are one failed test."""
        known = self.failed.get(name)
        self.failed[name] = f"{known}\n{detail}" if known else detail

    def add(self, other):
        self.passed += other.passed
        for name, detail in other.failed.items():
            self.fail(name, detail)
        self.skipped.update(other.skipped)

    def closing_line(self):
        line = f"{self.passed} passed, {len(self.failed)} failed"
        return f"{line}, {len(self.skipped)} skipped" if self.skipped else line


def show(results):
    """Print the failures with their tracebacks, then the closing line."""
    for name, detail in results.failed.items():
        say(f"\n{RULE}\nFAILED {name}\n{RULE}\n{detail.rstrip()}")
    if results.failed or results.skipped:
        say("")
    for name in results.failed:
        say(f"FAILED  {name}")
    for name, reason in results.skipped.items():
        say(f"SKIPPED {name}: {reason}")
    say(results.closing_line())
