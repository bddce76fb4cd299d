"""Databases for Odoo: prepared ones, one for each set of core modules, and copies.

A database of Odoo is one of PostgreSQL and a folder of files (its filestore).
"""

import fcntl
import os
import shutil
import subprocess

from tools import odoo_server, odoo_source, processes
from tools.console import Failure, step
from tools.paths import DATA, RUNTIME
from tools.stamps import fingerprint

FILES = DATA / "filestore"
# Building what browsers load takes longer than anything else in a short test run.
BUILD_ASSETS = b"env['ir.qweb']._pregenerate_assets_bundles(); env.cr.commit()"


def create(server, name, modules=()):
    """Make a database with core modules installed, in place of one of that name.

    :param tools.postgres.Server server: where
    :param str name: name without the prefix of this checkout
    :param modules: names of the modules
    :return: the full name of the database
    """
    return copy(server, _template(server, sorted({"base", "web", *modules})), name)


def copy(server, source, name):
    """Make a database that is another one, in place of one of that name.

    :param str source: the full name of a database that nobody is connected to
    :param str name: name without the prefix of this checkout
    :return: the full name of the database
    """
    database = server.prefix + name
    server.create_database(database, source)
    _replace_files(source, database)
    return database


def drop(server, database):
    """Remove a database and its files."""
    server.drop_database(database)
    shutil.rmtree(FILES / database, ignore_errors=True)


def _template(server, modules):
    """Return the name of the prepared database with these modules, made if missing."""
    source = odoo_source.python_path()
    release = source / "odoo" / "release.py"
    name = f"{server.prefix}template_{fingerprint(str(source), release, *modules)}"
    with (RUNTIME / "templates.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (server.database_exists(name) and (FILES / name).exists()):
            with step(f"Template database: install {', '.join(modules)}"):
                _build_template(server, name, modules)
    return name


def _build_template(server, name, modules):
    draft = f"{name}_new"
    drop(server, name)
    drop(server, draft)
    server.create_database(draft)
    odoo_server.install(server, draft, modules)
    _build_assets(server, draft)
    server.rename_database(draft, name)
    (FILES / draft).rename(FILES / name)


def _build_assets(server, database):
    command = odoo_server.odoo_command(server, database, "shell", "--no-http")
    done = subprocess.run(
        command,
        env=odoo_server.environment(),
        input=BUILD_ASSETS,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        text = processes.last_lines(done.stdout.decode(errors="replace"))
        raise Failure(f"Odoo could not build its assets:\n{text}")


def _replace_files(template, database):
    """Give a database the files of another; Odoo never changes one, so links do."""
    shutil.rmtree(FILES / database, ignore_errors=True)
    shutil.copytree(FILES / template, FILES / database, copy_function=os.link)
