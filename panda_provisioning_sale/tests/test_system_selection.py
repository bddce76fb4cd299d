from pathlib import Path
from tempfile import TemporaryDirectory

from odoo import Command
from odoo.tests import tagged

from odoo.addons.panda_provisioning.tests.common import PASSWORDS

from .common import OrderCase

from panda_sandbox.process import SandboxProcess  # isort: skip
from panda_sandbox.settings import API_KEY, READ_WRITE_ID  # isort: skip


class SystemsCase(OrderCase):
    @classmethod
    def make_system(cls, **values):
        """Return another system that is switched on."""
        system = cls.system.copy(
            {
                "root_account_id": "ACC-9",
                "access_id": READ_WRITE_ID,
                "access_password": PASSWORDS[READ_WRITE_ID],
                "api_key": API_KEY,
                **values,
            }
        )
        system.state = "test"
        return system


@tagged("post_install", "-at_install")
class TestTwoSystems(SystemsCase):
    """Each system is a Panda of its own: what was decided in one does not apply to the
    other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = cls.enterClassContext(TemporaryDirectory(prefix="panda-elsewhere-"))
        cls.elsewhere = cls.enterClassContext(
            SandboxProcess(Path(folder) / "panda.sqlite")
        )
        cls.company = cls.env["res.company"].create({"name": "Elsewhere Ltd"})
        cls.salesperson.company_ids += cls.company
        cls.other = cls.make_system(
            name="Panda Elsewhere",
            base_url=cls.elsewhere.url,
            root_account_id=cls.system.root_account_id,
            company_id=cls.company.id,
        )

    def setUp(self):
        super().setUp()
        self.elsewhere.control("POST", "reset")
        self.elsewhere.control("PATCH", "settings", {"pending_seconds": 0})

    def make_order_elsewhere(self, *parties):
        return self.make_order(*parties, company_id=self.company.id)

    def get_place(self, partner, system):
        """Return state, role and reseller of ``partner`` in ``system``."""
        account = partner._get_panda_account(system)
        return account.state, account.role, account.parent_id.partner_id

    def test_direct_here_and_through_a_reseller_elsewhere(self):
        rita = self.make_partner("Rita Reseller")
        carl = self.make_partner("Carl Customer")
        orders = self.make_order(carl) + self.make_order_elsewhere(rita, carl)
        for order in orders:
            self.confirm(order)
        self.assertEqual(orders.mapped("panda_status"), ["done", "done"])
        nobody = self.env["res.partner"]
        self.assertEqual(self.get_place(carl, self.system), ("synced", "user", nobody))
        self.assertEqual(self.get_place(carl, self.other), ("synced", "user", rita))
        self.assertFalse(rita._get_panda_account(self.system))
        self.assertFalse(carl.panda_reseller_id, "one of two systems only")

    def test_another_reseller_elsewhere(self):
        rita, olga = self.make_partner("Rita Reseller"), self.make_partner("Olga Other")
        carl = self.make_partner("Carl Customer")
        orders = self.make_order(rita, carl) + self.make_order_elsewhere(olga, carl)
        self.confirm(orders)
        self.assertEqual(orders.mapped("panda_status"), ["done", "done"])
        self.assertEqual(self.get_place(carl, self.system), ("synced", "user", rita))
        self.assertEqual(self.get_place(carl, self.other), ("synced", "user", olga))
        self.assertFalse(rita._get_panda_account(self.other))

    def test_reseller_that_a_user_has_chosen_applies_to_all_systems(self):
        rita, olga = self.make_partner("Rita Reseller"), self.make_partner("Olga Other")
        carl = self.make_partner("Carl Customer", panda_reseller_id=rita.id)
        self.confirm(self.make_order_elsewhere(olga, carl))
        self.assertEqual(self.get_place(carl, self.other), ("synced", "user", rita))

    def test_products_of_two_systems(self):
        """One order, both parties in both systems; it is done when all are."""
        self.other.company_id = self.env.company
        special = self.make_product(name="Elsewhere", panda_system_id=self.other.id)
        rita = self.make_partner("Rita Reseller")
        carl = self.make_partner("Carl Customer")
        order = self.make_order(rita, carl, products=self.product | special)
        self.confirm(order)
        self.assertEqual(order.panda_status, "done")
        for system in (self.system, self.other):
            with self.subTest(system.name):
                place = self.get_place(carl, system)
                self.assertEqual(place, ("synced", "user", rita))
        self.assertEqual(carl.panda_reseller_id, rita)
        for sandbox in (self.sandbox, self.elsewhere):
            state = sandbox.control("GET", "state")
            self.assertEqual(len([t for t in state["tenants"] if t["tier"] > 1]), 2)
            self.assertEqual(len(sandbox.control("GET", "outbox")), 2)

    def test_system_of_another_company_is_not_used(self):
        product = self.make_product(panda_system_id=self.other.id)
        partner = self.make_partner()
        self.confirm(self.make_order(partner, products=product))
        self.assertEqual(self.get_account(partner).state, "synced")
        self.assertFalse(partner._get_panda_account(self.other))

    def test_branch_uses_the_system_above_it(self):
        """Until it has a system of its own."""
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.salesperson.company_ids += branch
        partner = self.make_partner()
        order = self.confirm(self.make_order(partner, company_id=branch.id))
        self.assertEqual(order.panda_status, "done")
        self.assertEqual(partner._get_panda_account(self.other).state, "synced")
        own = self.make_system(company_id=branch.id)
        order = self.make_order(partner, company_id=branch.id)
        self.assertEqual(order.sudo()._get_panda_systems(), [own])


@tagged("post_install", "-at_install")
class TestUnusableSystem(SystemsCase):
    """An order whose system cannot be used always says why."""

    def get_ways_to_break(self):
        """Return how the system becomes unusable: name, reason, values, correction."""
        copied = {"database_stamp": "of another database"}
        return [
            ("disabled", "is disabled", {"state": "disabled"}, {"state": "test"}),
            ("archived", "is archived", {"active": False}, {"active": True}),
            ("copied", "is a copy", copied, {"state": "test"}),
        ]

    def test_unusable_when_the_order_is_confirmed(self):
        """The order fails, says why, and continues once the system can be used."""
        product = self.make_product(panda_system_id=self.system.id)
        for name, reason, broken, corrected in self.get_ways_to_break():
            with self.subTest(name):
                partner = self.make_partner(f"{name} Person")
                order = self.make_order(partner, products=product)
                self.system.sudo().write(broken)
                self.assertIn(reason, str(order.panda_problems))
                self.confirm(order)
                self.assertEqual((order.state, order.panda_status), ("sale", "failed"))
                self.assertIn(reason, self.get_notes(order)[0])
                self.assertIn(reason, str(order.panda_problems))
                self.assertEqual(order.sudo().activity_ids.user_id, self.salesperson)
                self.system.write(corrected)
                self.run_crons()
                self.assertEqual(order.panda_status, "done")

    def test_unusable_after_the_order_was_processed(self):
        """The order waits with its accounts, and says why."""
        for name, reason, broken, corrected in self.get_ways_to_break():
            with self.subTest(name):
                order = self.make_order(self.make_partner(f"{name} Person"))
                order.action_confirm()
                self.process_orders()
                self.assertFalse(order.panda_notices)
                self.system.sudo().write(broken)
                self.run_crons()
                self.assertEqual(order.panda_status, "waiting")
                order.invalidate_recordset()
                self.assertIn(reason, str(order.panda_notices))
                self.system.write(corrected)
                self.run_crons()
                self.assertEqual(order.panda_status, "done")
                self.assertFalse(order.panda_notices)

    def test_outage(self):
        """The order waits, and says since when and why."""
        self.fault("server_error")
        order = self.confirm(self.make_order(self.make_partner()))
        self.assertEqual(self.system.health, "quarantined")
        self.assertEqual(order.panda_status, "waiting")
        self.assertIn("Interrupted since", str(order.panda_notices))
        self.assertIn("error of its own", str(order.panda_notices))

    def test_one_product_without_a_system(self):
        """The order is not done with half of its products."""
        self.system.state = "disabled"
        other = self.make_system(name="Second", sequence=20)
        special = self.make_product(name="Elsewhere", panda_system_id=other.id)
        company = self.env["res.company"].create({"name": "Elsewhere Ltd"})
        other.company_id = company
        self.salesperson.write({"company_ids": [Command.link(company.id)]})
        order = self.make_order(self.make_partner(), products=self.product | special)
        self.confirm(order)
        self.assertEqual(order.panda_status, "failed")
        self.assertIn("There is no Panda system", str(order.panda_problems))
