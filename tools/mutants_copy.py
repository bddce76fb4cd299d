"""A copy of the repository to change: the working tree itself is never written to."""

import shutil

from tools.paths import ROOT, RUNTIME
from tools.stamps import empty_folder

FOLDER = RUNTIME / "mutants"
NOT_COPIED = (".git", ".runtime", "__pycache__", "node_modules")


def copy_repository(folder):
    """Make ``folder`` a copy of the repository as it is now and return it."""
    shutil.copytree(
        ROOT,
        empty_folder(folder),
        ignore=shutil.ignore_patterns(*NOT_COPIED),
        dirs_exist_ok=True,
    )
    return folder
