"""Who may call, read and write what of *Panda Provisioning: Sales*.

See the table of the same name in *Panda Provisioning*. One role more: ``salesperson``,
an employee; users and managers of Panda have no rights on orders.
"""

from odoo.addons.panda_provisioning.tests.access_matrix import (
    COMPUTED,
    EDITORS,
    EVERYBODY,
    MANAGERS,
    NOBODY,
    PANDA,
)

SELLERS = "salesperson"
PRODUCTS = f"{EDITORS} foreign"

PRODUCT_METHODS = {
    # As in Odoo itself; which system may be named, the guard decides.
    "create": NOBODY,
    "default_get": EVERYBODY,
    "onchange": NOBODY,
    "write": NOBODY,
}

METHODS = {
    "panda.account": {"unlink": MANAGERS, "write": PANDA},
    "panda.mark.done": {"action_confirm": PANDA},
    "panda.system": {"write": MANAGERS},
    "product.category": PRODUCT_METHODS,
    "product.template": PRODUCT_METHODS,
    "res.partner": {
        "action_panda_provision": PANDA,
        "write": EDITORS,
    },
    "sale.order": {
        "action_draft": SELLERS,
        "action_open_panda_accounts": SELLERS,
        "action_panda_provision": SELLERS,
        "create": SELLERS,
        "default_get": EVERYBODY,
        "onchange": SELLERS,
        "unlink": SELLERS,
        "write": SELLERS,
    },
}

ARGUMENTS = {
    ("sale.order", "create"): {"vals_list": [{"partner_id": "$partner"}]},
    ("sale.order", "onchange"): {
        "values": {"partner_id": "$partner"},
        "field_names": ["partner_id"],
        "fields_spec": {"panda_problems": {}},
    },
    ("sale.order", "write"): {"vals": {"panda_end_customer_id": "$partner"}},
}

FIELDS = {
    "panda.account": {(PANDA, NOBODY): "by_order"},
    "product.category": {(PRODUCTS, NOBODY): "panda_provision panda_system_id"},
    "product.template": {(PRODUCTS, NOBODY): "panda_provision panda_system_id"},
    "res.company": {(EDITORS, NOBODY): "panda_refuse_incomplete"},
    "res.config.settings": {(NOBODY, NOBODY): "panda_refuse_incomplete"},
    "res.partner": {(NOBODY, NOBODY): "panda_reseller_by_order"},
    "sale.order": {
        (SELLERS, SELLERS): "panda_end_customer_id panda_proposed_customer_id",
        (SELLERS, NOBODY): "panda_last_notified panda_requested panda_status",
        (NOBODY, NOBODY): "panda_account_ids",
        (SELLERS, COMPUTED): "panda_customer_state panda_is_relevant panda_notices"
        " panda_problems panda_reseller_state",
    },
}

HIDDEN = {}

ROUTES = {}
