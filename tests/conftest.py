"""Lets plain Python import the parts of the addon that need no Odoo."""

import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent

if "panda_provisioning" not in sys.modules:
    # The addon's own __init__ imports Odoo; core and panda_api do not.
    addon = ModuleType("panda_provisioning")
    addon.__path__ = [str(ROOT / "panda_provisioning")]
    sys.modules["panda_provisioning"] = addon
