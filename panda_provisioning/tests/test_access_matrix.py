from odoo.tests import HttpCase, tagged

from .access_case import InProcessMixin, OverHttpMixin
from .common import PandaCase, PandaMixin


class OneAddonMixin:
    """That of panda_provisioning_sale has the tables of both addons."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "sale.order" in cls.env:
            cls.skipTest(cls, "panda_provisioning_sale is installed")


@tagged("post_install", "-at_install")
class TestAccessMatrix(OneAddonMixin, InProcessMixin, PandaCase):
    """Who may call, read and write what, without HTTP between."""


@tagged("post_install", "-at_install")
class TestAccessMatrixOverHttp(OneAddonMixin, OverHttpMixin, PandaMixin, HttpCase):
    """The same methods over JSON-RPC and JSON-2."""
