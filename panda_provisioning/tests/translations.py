"""The template of the translations has exactly the strings of the addon."""

from io import BytesIO
from pathlib import Path

import polib

from odoo.modules import get_module_path
from odoo.tools.translate import trans_export


def check_template(test, module):
    """Compare the template of ``module`` with an export. The database must be fresh:
    other modules add fields to the models of ours."""
    path = Path(get_module_path(module), "i18n", f"{module}.pot")
    test.assertTrue(path.exists(), f"{path} is missing; run: make i18n")
    exported = BytesIO()
    trans_export(None, [module], exported, "po", test.env)
    wanted, present = _read(exported.getvalue().decode()), _read(str(path))
    test.assertTrue(wanted)
    test.assertEqual(sorted(wanted ^ present), [], "Out of date; run: make i18n")


def _read(source):
    return {
        (entry.msgid, place)
        for entry in polib.pofile(source)
        for place in entry.occurrences
    }
