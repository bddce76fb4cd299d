"""Whether people who see badly, or use no mouse, can use what we show."""

from pathlib import Path

from tools.console import Failure
from tools.paths import NODE

AXE = (NODE / "node_modules/axe-core/axe.min.js").read_text()
FIND = Path(__file__).with_name("axe.js").read_text()
ODOOS = (
    ".o-mail-Form-chatter",
    ".o-autocomplete--input",
    ".o_list_activity_cell",
    ".o_list_actions_header",
    ".o_list_record_selector",
    ".o_clipboard_button",
    ".o_m2o_avatar",
    ".o_notebook_headers",
)
"""Parts of a view that Odoo draws by itself, with faults of its own."""


def find_serious(page, ours):
    """Return what is serious or critical in the parts ``ours`` of a page.

    A page that has no such part is a failure: nothing would be checked.
    """
    if not page.locator(ours).count():
        raise Failure(f"{page.url} shows nothing of {ours}")
    page.evaluate(AXE)
    present = [part for part in ODOOS if page.locator(part).count()]
    return page.evaluate(FIND, {"ours": [ours], "odoos": present})
