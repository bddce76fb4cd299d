from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.panda_provisioning.tests import access_matrix as panda
from odoo.addons.panda_provisioning.tests.access_case import (
    InProcessMixin,
    OverHttpMixin,
)

from . import access_matrix
from .common import OrderCase, OrderMixin


def _with_sellers(roles):
    """Salespeople are employees."""
    return [*roles, "salesperson"] if "employee" in roles else roles


class BothAddonsMixin:
    """The tables of both addons, and an order."""

    ADDONS = ["panda_provisioning", "panda_provisioning_sale"]
    TABLES = [panda, access_matrix]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = "sales_team.group_sale_manager,base.group_partner_manager"
        cls.roles["salesperson"] = new_test_user(cls.env, "head-of-sales", groups)

    def get_methods(self):
        return {
            key: _with_sellers(roles) for key, roles in super().get_methods().items()
        }

    def get_fields(self):
        return {
            key: tuple(roles and _with_sellers(roles) for roles in row)
            for key, row in super().get_fields().items()
        }

    @classmethod
    def make_records(cls, user):
        company, template = cls.env.company, cls.product.product_tmpl_id
        template.categ_id = cls.env["product.category"].create({"name": "Panda"})
        made = (
            cls.make_order(cls.partner),
            template,
            template.categ_id,
            company,
            cls.env["res.config.settings"].create({}),
        )
        records = super().make_records(user)
        return {**records, **{record._name: record for record in made}}


@tagged("post_install", "-at_install")
class TestAccessMatrix(BothAddonsMixin, InProcessMixin, OrderCase):
    """Who may call, read and write what, without HTTP between."""


@tagged("post_install", "-at_install")
class TestAccessMatrixOverHttp(BothAddonsMixin, OverHttpMixin, OrderMixin, HttpCase):
    """The same methods over JSON-RPC and JSON-2."""
