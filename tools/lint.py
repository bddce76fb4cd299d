"""``make lint``: every check, one line each; a failed one shows what it found."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tools import addons, odoo_source, processes, python_packages, runtime
from tools.console import run_main, say
from tools.paths import NODE, ROOT

AT_ONCE = 2
PRETTIER_PLUGIN = NODE / "node_modules/@prettier/plugin-xml/src/plugin.js"


@dataclass(frozen=True)
class Check:
    """A program that ends with another status than 0 when it finds something."""

    name: str
    command: tuple

    def run(self):
        """Run it, print its line, and return whether all is well."""
        started = time.monotonic()
        environment = python_packages.environment()
        status, output = processes.capture(self.command, cwd=ROOT, env=environment)
        seconds = time.monotonic() - started
        say(f"  {'FAILED' if status else 'ok    '}  {self.name} ({seconds:.1f} s)")
        if status:
            say(output.rstrip())
        return status == 0


def prettier(action):
    """Return the command that checks or formats XML and JavaScript."""
    program = NODE / "node_modules/prettier/bin/prettier.cjs"
    options = (f"--plugin={PRETTIER_PLUGIN}", "--log-level=warn")
    return ("node", program, action, *options, *_files("xml", "js"))


def _files(*endings):
    """Return the files of our addons with these endings."""
    return sorted(
        path.relative_to(ROOT)
        for addon in addons.own_addons()
        for ending in endings
        for path in addon.path.rglob(f"*.{ending}")
    )


def checks():
    """Return all checks, those that take longest first."""
    modules = [addon.name for addon in addons.own_addons()]
    found = [
        Check("types: mypy --strict", ("mypy",)),
        Check("layers: import-linter", ("lint-imports", "--no-cache")),
        Check("Odoo rules: pylint-odoo", ("pylint", "--rcfile=.pylintrc", *modules)),
        Check("addon files: oca-checks-odoo-module", (*OCA_MODULE, *modules)),
        Check("XML and JavaScript format: prettier", prettier("--check")),
        Check("rules: ruff check", ("ruff", "check", ".")),
        Check("security: bandit", (*BANDIT, *modules, "sandbox/panda_sandbox")),
        Check("format: ruff format", ("ruff", "format", "--check", ".")),
        Check("documents: links, anchors, names", ("python", "-m", "tools.doc_links")),
        Check("manuals: make readme", ("python", "-m", "tools.readme", "--check")),
        *_manifest_checks(),
    ]
    translations = _files("po", "pot")
    if translations:
        # Its way of writing leaves out what is the same in both languages, which then
        # looks forgotten.
        command = ("oca-checks-po", "--disable=po-pretty-format", *translations)
        found.append(Check("translations: oca-checks-po", command))
        command = ("python", "-m", "tools.translations")
        found.append(Check("translations: complete", command))
    return found


OCA_MODULE = ("oca-checks-odoo-module",)
BANDIT = ("bandit", "-q", "-c", "pyproject.toml", "--severity-level=medium", "-r")


def _manifest_checks():
    folders = [*odoo_source.addons_paths(), ROOT]
    base = (
        "manifestoo",
        "--odoo-series=19.0",
        f"--addons-path={','.join(map(str, folders))}",
        f"--select-addons-dir={ROOT}",
    )
    return [
        Check("licences: manifestoo", (*base, "check-licenses")),
        Check(
            "development status: manifestoo",
            (*base, "check-dev-status", "--default-dev-status=Beta"),
        ),
        Check("dependencies: manifestoo", (*base, "list-depends", "--transitive")),
    ]


def main():
    processes.exit_on_signals()
    runtime.ensure()
    say("Checking")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(Check.run, checks()))
    failed = outcomes.count(False)
    say(f"{failed} of {len(outcomes)} checks failed." if failed else "All checks ok.")
    return 1 if failed else 0


if __name__ == "__main__":
    run_main(main)
