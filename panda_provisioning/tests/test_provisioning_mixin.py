from odoo import fields, models
from odoo.tests import tagged

from .common import PandaCase


class Bamboo(models.Model):
    """Another kind of system, as another addon would bring it."""

    _name = "panda.test.bamboo"
    _description = "Bamboo"
    _inherit = ["provisioning.system.mixin"]
    _module = None

    name = fields.Char()

    def _provisioning_systems(self, partner):
        return (
            self.search([("name", "!=", False)])
            if partner.is_company
            else self.browse()
        )

    def _provisioning_status(self, partner):
        return {
            "status": "Out of bamboo",
            "state": "failed",
            "reason": f"{partner.name} eats too much",
            "username": "bamboo.user",
            "last_sync": "2026-01-02 03:04:05",
            "can_retry": True,
            "has_details": True,
        }

    def _provisioning_open_options(self, partner):
        return {"tag": "options", "params": [self.id, partner.id]}

    def _provisioning_retry(self, partner):
        return {"tag": "retry", "params": [self.id, partner.id]}

    def _provisioning_open_details(self, partner):
        return {"tag": "details", "params": [self.id, partner.id]}


@tagged("post_install", "-at_install")
class TestProvisioningSystems(PandaCase):
    """The pop-up behind *Provisioning Sync Status*."""

    def open_popup(self, partner, user=None):
        """Follow the link beside the status and return the pop-up."""
        action = partner.with_user(user or self.user).action_open_panda_systems()
        self.assertEqual(action["target"], "new")
        popup = self.env[action["res_model"]].browse(action["res_id"])
        return popup.with_user(user or self.user)

    def make_failed(self, **values):
        """Return a contact whose account needs somebody."""
        partner = self.make_partner()
        self.make_account(
            partner,
            state="failed",
            error_code="operator_refused",
            error_detail="no bamboo",
            **values,
        )
        return partner

    # === PANDA === #

    def test_never_synchronized(self):
        """A contact that nobody has put anywhere yet."""
        [line] = self.open_popup(self.make_partner()).line_ids
        self.assertEqual(line.name, "Panda Antivirus")
        self.assertEqual(line.state, "draft")
        self.assertIn("Nothing was sent to Panda yet", line.status)
        self.assertFalse(line.username or line.last_sync or line.reason)
        self.assertFalse(line.can_retry or line.has_details)

    def test_synchronized(self):
        """A contact that is in Panda."""
        partner = self.make_partner()
        self.press(partner, role="user", username="ada.lovelace")
        [line] = self.open_popup(partner).line_ids
        self.assertEqual(line.state, "synced")
        self.assertIn("Panda knows all that Odoo knows", line.status)
        self.assertEqual(line.username, "ada.lovelace")
        self.assertEqual(line.last_sync, self.get_account(partner).last_sync_at)
        self.assertTrue(line.has_details)
        self.assertFalse(line.can_retry)

    def test_failed(self):
        """A contact with a problem says which."""
        [line] = self.open_popup(self.make_failed()).line_ids
        self.assertEqual(line.state, "failed")
        self.assertIn("no bamboo", line.reason)
        self.assertTrue(line.can_retry)

    def test_options(self):
        """*Sync Options* opens the form of this contact in this system."""
        partner = self.make_partner()
        action = self.open_popup(partner).line_ids.action_open_options()
        form = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual((form.partner_id, form.system_id), (partner, self.system))

    def test_details(self):
        """*Details* shows the account with its log."""
        partner = self.make_failed()
        action = self.open_popup(partner).line_ids.action_open_details()
        self.assertEqual(action["res_model"], "panda.account")
        self.assertEqual(action["res_id"], self.get_account(partner).id)

    def test_retry(self):
        """*Retry* synchronises now and shows the pop-up with the new status."""
        partner = self.make_failed()
        popup = self.open_popup(partner)
        with self.committing() as env:
            action = popup.with_env(env).line_ids.action_retry()
        self.assertEqual(self.get_account(partner).state, "synced")
        self.assertEqual(len(self.mails()), 1)
        self.assertEqual(action["res_model"], "provisioning.systems")
        renewed = popup.browse(action["res_id"])
        self.assertEqual(renewed.line_ids.state, "synced")
        self.assertEqual(renewed.partner_id, partner)

    def test_person_leads_to_company(self):
        """A person of a company is provisioned as the company."""
        company = self.make_company("Analytical Engines", "Ada Lovelace")
        popup = self.open_popup(company.child_ids)
        self.assertEqual(popup.partner_id, company)
        action = popup.line_ids.action_open_options()
        form = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(form.partner_id, company)
        self.assertEqual((form.first_name, form.last_name), ("Ada", "Lovelace"))

    # === SYSTEMS === #

    def test_which_systems(self):
        """Listed are the systems in use of the companies that one works in."""
        self.make_system("Panda Europe", sequence=20)
        self.system.copy({"name": "Panda Disabled"})
        company = self.env["res.company"].create({"name": "Other"})
        self.make_system("Panda Elsewhere", company_id=company.id)
        partner = self.make_partner()
        names = self.open_popup(partner).line_ids.mapped("name")
        self.assertEqual(names, ["Panda Antivirus", "Panda Europe"])
        self.user.company_ids += company
        partner.company_id = company
        self.assertEqual(self.open_popup(partner).line_ids.name, "Panda Elsewhere")

    def test_no_system(self):
        """Without a system the pop-up leads on those who can set one up."""
        self.system.state = "disabled"
        partner = self.make_partner()
        popup = self.open_popup(partner)
        self.assertFalse(popup.line_ids)
        self.assertFalse(popup.may_configure)
        popup = self.open_popup(partner, self.manager)
        self.assertTrue(popup.may_configure)
        self.assertEqual(popup.action_configure()["res_model"], "panda.system")


@tagged("post_install", "-at_install")
class TestAnotherKind(PandaCase):
    """A kind of system that another addon has added."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        name = Bamboo._name
        # Nothing else adds a model to a registry; Odoo's own tests import it here, too.
        from odoo.orm.model_classes import add_to_registry

        add_to_registry(cls.registry, Bamboo)
        cls.addClassCleanup(cls._forget, name)
        cls.registry._setup_models__(cls.env.cr, [name])
        cls.registry.init_models(cls.env.cr, [name], {"module": "panda_provisioning"})
        cls.env["ir.model.access"].create(
            {
                "name": "bamboo",
                "model_id": cls.env["ir.model"]._get_id(name),
                "group_id": cls.env.ref("panda_provisioning.group_panda_user").id,
                "perm_read": True,
            }
        )
        cls.bamboo = cls.env[name].create({"name": "Bamboo Grove"})
        cls.company = cls.make_partner("Analytical Engines", is_company=True)

    @classmethod
    def _forget(cls, name):
        """Leave the registry as it was."""
        for parent in cls.registry[name]._inherit_module:
            cls.registry[parent]._inherit_children.discard(name)
        cls.registry["base"]._inherit_children.discard(name)
        del cls.registry[name]

    def open_line(self, partner):
        """Open the pop-up and return the lines of the other kind."""
        action = partner.with_user(self.user).action_open_panda_systems()
        popup = self.env["provisioning.systems"].with_user(self.user)
        lines = popup.browse(action["res_id"]).line_ids
        self.assertEqual(lines[0].res_model, "panda.system", "ours come first")
        return lines.filtered(lambda line: line.res_model == Bamboo._name)

    def test_status(self):
        """It is listed with what it says of the contact."""
        line = self.open_line(self.company)
        self.assertEqual(line.name, "Bamboo Grove")
        self.assertEqual((line.state, line.status), ("failed", "Out of bamboo"))
        self.assertEqual(line.reason, "Analytical Engines eats too much")
        self.assertEqual(line.username, "bamboo.user")
        self.assertEqual(str(line.last_sync), "2026-01-02 03:04:05")
        self.assertTrue(line.can_retry)
        self.assertTrue(line.has_details)

    def test_buttons(self):
        """Its buttons call its methods, with the contact."""
        line = self.open_line(self.company)
        params = [self.bamboo.id, self.company.id]
        for tag, action in (
            ("options", line.action_open_options()),
            ("retry", line.action_retry()),
            ("details", line.action_open_details()),
        ):
            self.assertEqual(action, {"tag": tag, "params": params})

    def test_chooses_contacts(self):
        """It says itself whom it is for."""
        self.assertFalse(self.open_line(self.make_partner()))
