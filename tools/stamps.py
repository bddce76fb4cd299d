"""Remember what a set-up step was made from, to do it again only when that changed."""

import hashlib
import json
import shutil

from tools.paths import STAMPS


def fingerprint(*inputs):
    """Return a short hash of values and of the contents of files."""
    digest = hashlib.sha256()
    for value in inputs:
        content = value.read_bytes() if hasattr(value, "read_bytes") else None
        digest.update(content or json.dumps(str(value)).encode())
    return digest.hexdigest()[:16]


def is_current(name, key):
    stamp = STAMPS / name
    return stamp.exists() and stamp.read_text() == key


def write(name, key):
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(key)


def remove(name):
    (STAMPS / name).unlink(missing_ok=True)


def empty_folder(folder):
    """Start a step from nothing: what an interrupted one left is not trusted."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
