"""Whether the template of the translations still holds what the addon says."""

from io import BytesIO
from pathlib import Path

import polib

from odoo.modules import get_module_path
from odoo.tools.translate import trans_export


def check_template(test, module):
    """Compare the template of ``module`` with an export; a template that was not made
    yet is not asked for. In a fresh database, where the models have no fields of
    modules that our addon does not need."""
    path = Path(get_module_path(module), "i18n", f"{module}.pot")
    if path.exists():
        exported = BytesIO()
        trans_export(None, [module], exported, "po", test.env)
        wanted, present = _read(exported.getvalue().decode()), _read(str(path))
        test.assertEqual(sorted(wanted ^ present), [], "Out of date; run: make i18n")


def _read(source):
    return {
        (entry.msgid, place)
        for entry in polib.pofile(source)
        for place in entry.occurrences
    }
