"""Where everything lies: the repository, and the one folder git ignores."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = ROOT / ".runtime"

VENV = RUNTIME / "venv"
PYTHON = VENV / "bin" / "python"

STAMPS = RUNTIME / "stamps"
DOWNLOADS = RUNTIME / "downloads"
LOGS = RUNTIME / "logs"
DATA = RUNTIME / "data"
ODOO = RUNTIME / "odoo"
NODE = RUNTIME / "node"
BROWSER = RUNTIME / "browser"
BROWSER_BIN = BROWSER / "bin"
POSTGRES = RUNTIME / "postgres"
