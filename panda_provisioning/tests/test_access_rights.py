from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError
from odoo.models import MAGIC_COLUMNS
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged

from ..models.panda_account import OPTION_FIELDS
from .common import PandaCase

RIGHTS = {
    "panda.system": {"user": "read", "manager": "read write create unlink"},
    "panda.account": {
        "user": "read write create",
        "manager": "read write create unlink",
    },
    "panda.preview": {"user": "read write", "manager": "read write"},
    "panda.sync.log": {"user": "read", "manager": "read"},
    "panda.sandbox.connect": {"manager": "read write create"},
    "panda.move": {},  # for whoever may change addresses, see the matrix
    "panda.system.pace": {},
    "panda.system.secret": {},
    "panda.sync.options": {"user": "read write create", "manager": "read write create"},
    "panda.link": {"user": "read write create", "manager": "read write create"},
    "panda.link.line": {"user": "read write create", "manager": "read write create"},
    "panda.mark.done": {"user": "read write create", "manager": "read write create"},
    "provisioning.systems": {
        "user": "read write create",
        "manager": "read write create",
    },
    "provisioning.systems.line": {
        "user": "read write create",
        "manager": "read write create",
    },
}
"""What the two groups may do with our models; nobody else may do anything."""


@tagged("post_install", "-at_install")
class TestSecurity(PandaCase):
    """Who may see and do what; one by one it is in `test_access_matrix.py`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        contacts = "base.group_user,base.group_partner_manager"
        panda = "panda_provisioning.group_panda_user"
        company = cls.env["res.company"].create({"name": "Other"})
        cls.internal = new_test_user(cls.env, "internal", groups=contacts)
        cls.portal = new_test_user(cls.env, "portal", groups="base.group_portal")
        cls.public = cls.env.ref("base.public_user")
        cls.colleague = new_test_user(cls.env, "colleague", groups=panda)
        cls.foreigner = new_test_user(
            cls.env,
            "foreigner",
            groups="panda_provisioning.group_panda_manager,base.group_partner_manager",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        cls.partner = cls.make_partner()
        cls.account = cls.make_account(cls.partner)
        cls.log = cls.env["panda.sync.log"].create(
            {
                "system_id": cls.system.id,
                "account_id": cls.account.id,
                "date": "2026-01-01",
            }
        )

    def call(self, user, records, name, *args):
        """Call a method as the browser does."""
        model = self.env(user=user)[records._name]
        is_of_model = getattr(getattr(model, name), "_api_model", False)
        ids = [] if is_of_model else [records.ids]
        return call_kw(model, name, [*ids, *args], {})

    def open_popup(self, user):
        """Return the pop-up and the form that ``user`` has opened, as superuser."""
        partner = self.partner.with_user(user)
        popup = partner.env["provisioning.systems"].browse(
            partner.action_open_panda_systems()["res_id"]
        )
        action = popup.line_ids.action_open_options()
        options = partner.env["panda.sync.options"].browse(action["res_id"])
        return popup.sudo(), options.sudo()

    # === GROUPS === #

    def test_rights(self):
        """Two groups have rights, each its own; all others have none."""
        users = {"user": self.user, "manager": self.manager}
        outsiders = {"internal": self.internal, "portal": self.portal, "": self.public}
        for model, rights in RIGHTS.items():
            for group, user in (users | outsiders).items():
                with self.subTest(model=model, user=user.login):
                    records = self.env[model].with_user(user)
                    allowed = [
                        operation
                        for operation in ("read", "write", "create", "unlink")
                        if records.has_access(operation)
                    ]
                    self.assertEqual(allowed, rights.get(group, "").split())

    def test_all_models_are_in_the_table(self):
        """A new model does not go without a decision on its rights."""
        concrete = {
            name
            for name, model in self.registry.items()
            if model._original_module == "panda_provisioning" and not model._abstract
        }
        self.assertEqual(concrete, set(RIGHTS))

    # === FIELDS === #

    def test_engine_fields(self):
        """States and remote ids come from the engine, whoever asks."""
        fields = {
            name
            for name, field in self.env["panda.account"]._fields.items()
            if field.store and name not in OPTION_FIELDS and name not in MAGIC_COLUMNS
        }
        self.assertLessEqual({"state", "remote_id", "operator_ready", "step"}, fields)
        for user in (self.user, self.manager):
            accounts = self.env["panda.account"].with_user(user)
            new = {"partner_id": self.make_partner().id, "system_id": self.system.id}
            for name in fields:
                with self.subTest(name, user=user.login):
                    with self.assertRaises(AccessError):
                        self.account.with_user(user).write({name: False})
                    with self.assertRaises(AccessError):
                        accounts.create({**new, name: False})
            # Without these fields nothing stands in the way.
            self.assertTrue(accounts.create(new))

    def test_options_are_open(self):
        """What a person chooses may be written by the users, not by others."""
        self.account.with_user(self.user).username = "countess"
        self.assertEqual(self.account.username, "countess")
        with self.assertRaises(AccessError):
            self.account.with_user(self.internal).username = "hacked"

    def test_status_without_link(self):
        """Without the group the contact shows its status, but leads nowhere."""
        partner = self.partner.with_user(self.internal)
        self.assertEqual(partner.panda_sync_status, "draft")
        self.assertEqual(partner.panda_username, self.account.username)
        with self.assertRaises(AccessError):
            partner.read(["panda_account_ids"])
        view = self.env.ref("base.view_partner_form")
        for user, expected in ((self.internal, 0), (self.user, 1), (self.manager, 1)):
            with self.subTest(user.login):
                model = self.env["res.partner"].with_user(user)
                arch = etree.fromstring(model.get_view(view.id, "form")["arch"])
                self.assertTrue(arch.xpath("//field[@name='panda_sync_status']"))
                button = arch.xpath("//button[@name='action_open_panda_systems']")
                self.assertEqual(len(button), expected)

    def test_edit_without_group(self):
        """Who may edit contacts keeps Panda up to date without knowing of it."""
        self.press(self.partner)
        self.partner.with_user(self.internal).name = "Ada King"
        self.assertEqual(self.account.state, "queued")

    # === COMPANIES === #

    def test_other_company(self):
        """The systems of a company, and all below them, are its own."""
        for records in (self.system, self.account, self.log):
            with self.subTest(records._name):
                foreign = records.with_user(self.foreigner)
                self.assertFalse(foreign.search([("id", "in", records.ids)]))
                with self.assertRaises(AccessError):
                    foreign.read(["display_name"])
        for records, name in (
            (self.account, "action_synchronize"),
            (self.account, "action_retry"),
            (self.account, "action_open_options"),
            (self.system, "action_test_connection"),
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                self.call(self.foreigner, records, name)
        self.assertEqual(self.partner.with_user(self.foreigner).panda_username, False)

    def test_wizard_is_no_way_around(self):
        """Sync Options show and do nothing that its user may not see and do."""
        self.partner.company_id = self.system.company_id
        own = self.system.copy({"company_id": self.foreigner.company_id.id})
        shared = self.make_partner("Shared Lovelace")
        for partner, system in ((self.partner, own), (shared, self.system)):
            with self.subTest(partner.name), self.assertRaises(AccessError):
                self.env["panda.sync.options"].with_user(self.foreigner).create(
                    {"partner_id": partner.id, "system_id": system.id}
                )
        self.assertTrue(
            self.env["panda.sync.options"]
            .with_user(self.foreigner)
            .create({"partner_id": shared.id, "system_id": own.id})
        )
        with self.assertRaises(AccessError):
            self.env["provisioning.systems"].with_user(self.foreigner).create(
                {"partner_id": self.partner.id}
            )

    def test_wizard_does_not_edit_for_others(self):
        """Who may not edit contacts does not do so in Sync Options."""
        options = self.env["panda.sync.options"].with_user(self.colleague)
        form = options.create(
            {"partner_id": self.partner.id, "system_id": self.system.id}
        )
        with self.assertRaises(AccessError):
            form.email = "hacked@example.com"
            form.flush_recordset()
        self.env.invalidate_all()
        self.assertEqual(self.partner.email, "ada@example.com")

    def test_wizard_is_its_users_own(self):
        """Nobody looks into the form of somebody else."""
        popup, options = self.open_popup(self.user)
        for records in (popup, popup.line_ids, options):
            for user in (self.colleague, self.manager):
                with self.subTest(records._name, user=user.login):
                    with self.assertRaises(AccessError):
                        records.with_user(user).read(["display_name"])
                    with self.assertRaises(AccessError):
                        records.with_user(user).write({})
        with self.assertRaises(AccessError):
            self.call(self.colleague, options, "action_save_and_synchronize")
        with self.assertRaises(AccessError):
            self.call(self.colleague, popup.line_ids, "action_retry")
