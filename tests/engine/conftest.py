"""The database of all tests of the engine, emptied for each."""

import sys

import pytest

from tools import addons, databases
from tools.paths import ROOT
from tools.postgres import postgres

from .support import ADDON, World, odoo_in_this_process

sys.path.append(str(ROOT / "sandbox"))
from panda_sandbox.process import SandboxProcess


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("engine")
    core = addons.core_modules([addons.own_addon(ADDON)])
    with postgres() as server, SandboxProcess(folder / "panda.sqlite") as sandbox:
        database = databases.create(server, "engine", core)
        try:
            with odoo_in_this_process(server, database):
                repeat_at_once()
                world = World(server, database, sandbox)
                yield world
                world.close()
        finally:
            databases.drop(server, database)


def repeat_at_once():
    """What fails is repeated, but no test waits for that."""
    from odoo.addons.panda_provisioning.panda_api import transport

    transport.DELAYS = (0.0, 0.0, 0.0)


@pytest.fixture
def world(prepared):
    prepared.reset()
    return prepared
