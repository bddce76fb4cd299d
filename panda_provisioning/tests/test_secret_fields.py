from odoo.exceptions import AccessError, ValidationError
from odoo.service.model import call_kw
from odoo.tests import tagged

from .common import PandaCase

TYPED = {"access_password": "canary-password", "api_key": "canary-key"}
SECRETS = ("access_password_secret", "api_key_secret")
"""Where what was typed is kept."""


@tagged("post_install", "-at_install")
class TestSecretFields(PandaCase):
    """A manager may set the secrets; nobody reads them out of Odoo."""

    def setUp(self):
        super().setUp()
        # Whoever may export anything at all.
        self.user.group_ids |= self.env.ref("base.group_allow_export")
        self.manager.group_ids |= self.env.ref("base.group_allow_export")
        self.system.with_user(self.manager).write(TYPED)
        self.env.flush_all()
        self.env.invalidate_all()
        self.readers = [
            self.system.with_user(user) for user in (self.manager, self.user)
        ]

    def assert_clean(self, value):
        self.assertNotIn("canary", str(value))

    def test_they_are_kept(self):
        """What was typed is what Panda gets, white space aside."""
        system_sudo = self.system.sudo()
        self.assertEqual(system_sudo.access_password_secret, "canary-password")
        self.system.with_user(self.manager).api_key = "  canary-key-2\n"
        self.assertEqual(system_sudo.api_key_secret, "canary-key-2")
        self.assertTrue(system_sudo.has_api_key)

    def test_saving_the_form_keeps_them(self):
        """The form shows them empty, and saving it empty does not lose them."""
        self.system.with_user(self.manager).write(
            {"access_password": False, "api_key": ""}
        )
        self.assertEqual(self.system.sudo().access_password_secret, "canary-password")
        self.assertEqual(self.system.sudo().api_key_secret, "canary-key")

    def test_read(self):
        """Reading gives nothing, whatever way it goes."""
        for system in self.readers:
            with self.subTest(system.env.user.login):
                self.assert_clean(system.read())
                fields = list(system.fields_get())
                self.assertFalse(set(fields) & set(SECRETS))
                names = {name: {} for name in fields}
                self.assert_clean(system.web_read(names))
                self.assert_clean(system.web_search_read([], names))
                self.assert_clean(system.export_data(fields))
                self.assert_clean(system.name_search("Panda"))
                for name in SECRETS:
                    self.assert_closed(system, name)

    def test_onchange(self):
        """Nor does the server send back what is being typed elsewhere on the form."""
        system = self.system.with_user(self.manager)
        names = {name: {} for name in system.fields_get()}
        self.assert_clean(system.onchange({"name": "New"}, ["name"], names))

    def assert_closed(self, system, name):
        """A hidden field gives nothing away, by no question about it."""
        attempts = {
            "read": [[name]],
            "web_read": [{name: {}}],
            "export_data": [[name]],
            "write": [{name: "x"}],
        }
        searches = {
            "search": [[(name, "=like", "canary%")]],
            "search_count": [[(name, "!=", False)]],
            "search_read": [[], [name]],
            "formatted_read_group": [[], [name], ["__count"]],
        }
        for method, args in attempts.items():
            with self.subTest(f"{method}({name})"), self.assertRaises(AccessError):
                call_kw(system.browse(), method, [system.ids, *args], {})
        for method, args in searches.items():
            with self.subTest(f"{method}({name})"), self.assertRaises(AccessError):
                call_kw(system.browse(), method, args, {})
        with self.assertRaises(AccessError):
            system.search([], order=name)
        with self.assertRaises(AccessError):
            system.filtered_domain([(name, "=like", "canary%")])
        with self.assertRaises(AccessError):
            system[name]

    def test_through_other_records(self):
        """Nor by way of a record that leads to the system."""
        account = self.make_account()
        for name in SECRETS:
            for user in (self.manager, self.user):
                accounts = self.env["panda.account"].with_user(user)
                with self.assertRaises(AccessError):
                    accounts.search([(f"system_id.{name}", "=like", "canary%")])
                with self.assertRaises(AccessError):
                    account.with_user(user).export_data([f"system_id/{name}"])

    def test_credentials_are_for_managers(self):
        """A user does not even see the Access ID, nor type a secret."""
        system = self.system.with_user(self.user)
        for name in ("access_id", "access_password", "api_key", "has_api_key"):
            with self.subTest(name):
                with self.assertRaises(AccessError):
                    system.read([name])
                with self.assertRaises(AccessError):
                    system.write({name: "x"})

    def test_copy(self):
        """A copy of a connection has no credentials and is disabled."""
        copy = self.system.with_user(self.manager).copy()
        self.assertEqual(copy.state, "disabled")
        self.assertFalse(copy.sudo().access_id)
        for name in SECRETS:
            self.assertFalse(copy.sudo()[name])
        self.assert_clean(self.system.copy_data())

    def test_tracking(self):
        """The chatter does not tell of a change of credentials what it was."""
        self.cr.flush()
        self.system.with_user(self.manager).write({"state": "disabled", **TYPED})
        self.cr.flush()
        messages = self.system.message_ids
        self.assertTrue(messages.tracking_value_ids)
        self.assert_clean(messages.mapped("body"))
        self.assert_clean(messages.tracking_value_ids.read())

    def test_errors(self):
        """A value that is refused is not quoted."""
        with self.assertRaisesRegex(
            ValidationError, "must start with https"
        ) as refused:
            self.system.with_user(self.manager).write(
                {**TYPED, "state": "enabled", "base_url": "http://panda.example.com"}
            )
        self.assert_clean(refused.exception)
