"""The screens: what to open, what to press, and which are in the manual.

One entry each; those of an empty app come first.
"""

from collections.abc import Callable
from dataclasses import dataclass

OURS, SALE = "panda_provisioning", "panda_provisioning_sale"
DIALOG = ".modal-content"


def press(*selectors):
    """Return the steps that click on ``selectors``, one after the other."""

    def steps(page):
        for selector in selectors:
            page.click(selector)

    return steps


def press_in_header(name):
    """Return the steps that click on the button ``name`` of a form; a phone has it in
    a menu, unless it is the first."""

    def steps(page):
        page.wait_for_selector(".o_statusbar_buttons button")
        more = page.locator(".o_statusbar_buttons button[title=More]")
        if more.count():
            more.click()
        page.click(f"button[name={name}]")

    return steps


def show_columns(page):
    """Show the columns of a list that our addons add and hide at first."""
    page.click(".o_optional_columns_dropdown button")
    page.wait_for_selector(OUR_COLUMNS)
    for box in page.locator(OUR_COLUMNS).all():
        box.check()
    page.keyboard.press("Escape")


def preview(page):
    """Choose all contacts, and *Synchronize with Panda* of the menu *Actions*."""
    page.click(".o_list_view thead .o_list_record_selector input")
    page.click(".o_cp_action_menus .dropdown-toggle:has-text('Actions')")
    page.click(".o-dropdown-item:has-text('Synchronize with Panda')")
    page.wait_for_selector(".o_panda_preview_summary")
    page.click(f"{GROUP}:has-text('Ready')")
    page.click(f"{GROUP}:has-text('no readable phone')")


@dataclass(frozen=True)
class Screen:
    """One entry for each picture.

    :param path: address; ``{names}`` are records of the stage
    :param steps: what to do there, called with the page
    :param shows: selector of what must be seen before the picture is taken
    :param part: selector of the part to take, the whole window without
    :param ours: selector of what our addons draw, where Odoo draws the rest
    :param on_phone: whether a phone shows it
    :param is_filled: whether it shows the customers, or an app as it is at first
    :param addon: in whose ``static/description`` the picture is published
    """

    name: str
    path: str
    shows: str
    steps: Callable | None = None
    part: str = ""
    ours: str = ".o_content"
    addon: str = ""
    on_phone: bool = True
    is_filled: bool = True


OUR_FIELDS = ".o_content [name^=panda_], .o_content [name*=_panda_], .o_content .alert"
OUR_COLUMNS = ".o-dropdown--menu input[name^=panda_]"
GROUP = ".o_group_header"
ROWS = ".o_data_row, .o_kanban_record"
TO_SYSTEMS = "button[name=action_open_panda_systems]"
TO_OPTIONS = f"{DIALOG} button[name=action_open_options]"

CARD = ".o_kanban_record .o_panda_count"
SCREENS = (
    Screen(
        "first_steps",
        "/odoo/panda",
        ".o_panda_first_steps",
        addon=OURS,
        is_filled=False,
    ),
    Screen("overview", "/odoo/panda", CARD, addon=OURS),
    Screen(
        "contact",
        "/odoo/contacts/{bakery}",
        TO_SYSTEMS,
        addon=OURS,
        ours=OUR_FIELDS,
    ),
    Screen(
        "contact_list",
        "/odoo/contacts?view_type=list",
        "td[name=panda_sync_status]",
        steps=show_columns,
        ours=OUR_FIELDS,
        on_phone=False,  # cards take the place of the list
    ),
    Screen(
        "preview",
        "/odoo/contacts?view_type=list",
        ".o_panda_preview_summary",
        steps=preview,
        addon=OURS,
        on_phone=False,
    ),
    Screen(
        "systems",
        "/odoo/contacts/{bakery}",
        f"{DIALOG} .o_kanban_record",
        steps=press(TO_SYSTEMS),
        part=DIALOG,
        addon=OURS,
    ),
    Screen(
        "sync_options",
        "/odoo/contacts/{winery}",
        f"{DIALOG} [name=username]",
        steps=press(TO_SYSTEMS, TO_OPTIONS, f"{DIALOG} [name=role] label:text('User')"),
        part=DIALOG,
        addon=OURS,
    ),
    Screen(
        "sync_options_failed",
        "/odoo/contacts/{sur}",
        f"{DIALOG} [name=username]",
        steps=press(TO_SYSTEMS, TO_OPTIONS),
        part=DIALOG,
    ),
    Screen(
        "accounts",
        "/odoo/panda-accounts",
        ROWS,
        addon=OURS,
    ),
    Screen(
        "accounts_kanban",
        "/odoo/panda-accounts?view_type=kanban",
        ".o_kanban_group .o_kanban_record",
        addon=OURS,
    ),
    Screen(
        "accounts_pivot",
        "/odoo/panda-accounts?view_type=pivot",
        ".o_pivot table",
        on_phone=False,
    ),
    Screen(
        "accounts_graph",
        "/odoo/panda-accounts?view_type=graph",
        ".o_graph_view canvas",
        on_phone=False,
    ),
    Screen(
        "account_synced",
        "/odoo/panda-accounts/{bakery_account}",
        ".o_form_view",
        addon=OURS,
    ),
    Screen(
        "account_failed",
        "/odoo/panda-accounts/{sur_account}",
        ".o_form_view",
        addon=OURS,
    ),
    Screen("sync_log", "/odoo/panda-log", ROWS, addon=OURS),
    Screen("system", "/odoo/panda-systems/{system}", ".o_form_view", addon=OURS),
    Screen(
        "move",
        "/odoo/panda-systems/{system}",
        f"{DIALOG} [name=accounts]",
        steps=press_in_header("action_move"),
        part=DIALOG,
    ),
    Screen(
        "order", "/odoo/orders/{order}", ".o_form_view", ours=OUR_FIELDS, addon=SALE
    ),
    Screen(
        "quotation",
        "/odoo/orders/{quotation}",
        ".o_form_view",
        ours=OUR_FIELDS,
        addon=SALE,
    ),
)
