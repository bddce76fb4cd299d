"""What became of the mutants, and which survivors are excused."""

import tomlkit

from tools.console import Failure, say
from tools.mutants_copy import FOLDER
from tools.mutants_plain import LATE, SURVIVED
from tools.paths import ROOT

LIST = ROOT / "tools" / "equivalent_mutants.toml"
SURVIVORS = FOLDER / "survivors.toml"
"""The survivors as entries for the list, without reasons."""
PARTS = ("module", "where", "old", "new")


class Equivalents:
    """The mutants that the list says nobody can notice.

    :raise Failure: when an entry is incomplete, or is about no mutant any more
    """

    def __init__(self, mutants, modules, chosen, path=LIST):
        entries = tomlkit.parse(path.read_text()).unwrap().get("equivalent", [])
        found = {mutant.key for mutant in mutants}
        self._keys = set()
        bad = []
        for entry in entries:
            key = tuple(entry.get(part, "") for part in PARTS)
            is_old = key[0] not in modules or (key[0] in chosen and key not in found)
            if is_old or key in self._keys or not entry.get("why", "").strip():
                bad.append(" | ".join(key))
            self._keys.add(key)
        if bad:
            lines = "\n".join(bad)
            raise Failure(
                f"Entries of {path.name} that say no reason, stand there twice or fit"
                f" no mutant:\n{lines}"
            )

    def __contains__(self, mutant):
        return mutant.key in self._keys


class Report:
    """The outcomes of mutants, counted by module."""

    def __init__(self, mutants, outcomes, equivalents):
        self._mutants = list(zip(mutants, outcomes, strict=True))
        self._equivalents = equivalents
        self.survivors = [
            mutant
            for mutant, outcome in self._mutants
            if outcome == SURVIVED and mutant not in equivalents
        ]
        self.wrong = [
            mutant
            for mutant, outcome in self._mutants
            if outcome != SURVIVED and mutant in equivalents
        ]

    def count(self, modules=None):
        """Return how many mutants count in ``modules``, and how many are killed."""
        counted = [
            outcome
            for mutant, outcome in self._mutants
            if (modules is None or mutant.module in modules)
            and mutant not in self._equivalents
        ]
        return len(counted), len(counted) - counted.count(SURVIVED)

    def score(self, modules=None):
        mutants, killed = self.count(modules)
        return killed / mutants if mutants else 1.0

    def show(self):
        """Print all figures and the survivors, and write these down as entries."""
        modules = dict.fromkeys(mutant.module for mutant, _outcome in self._mutants)
        for module in modules:
            mutants, killed = self.count([module])
            say(f"  {module}: {killed} of {mutants} ({self.score([module]):.3f})")
        for mutant in self.wrong:
            say(f"\nListed as equivalent, but a test notices it:\n{_text(mutant)}")
        if self.survivors:
            say("\nSurvivors:")
        for mutant in self.survivors:
            say(_text(mutant))
        _write(self.survivors)
        outcomes = [outcome for _mutant, outcome in self._mutants]
        mutants, killed = self.count()
        say(f"\nmutants: {mutants}")
        say(f"equivalent: {len(outcomes) - mutants}")
        say(f"killed: {killed}")
        say(f"killed_by_timeout: {outcomes.count(LATE)}")
        say(f"mutation_score: {self.score():.3f}")


def _text(mutant):
    place = f"{mutant.module}:{mutant.line} {mutant.where}".rstrip()
    return f"{place}\n    - {mutant.old}\n    + {mutant.new}"


def _write(survivors):
    entries = tomlkit.aot()
    for mutant in survivors:
        table = tomlkit.table()
        for part, value in zip(PARTS, mutant.key, strict=True):
            table[part] = tomlkit.string(value, literal="'" not in value)
        table["why"] = ""
        entries.append(table)
    SURVIVORS.write_text(tomlkit.dumps({"equivalent": entries}))
