from odoo.exceptions import AccessError, ValidationError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged

from .common import PandaCase

TYPED = {"access_password": "canary-password", "api_key": "canary-key"}
READ = {
    "read": [["name"]],
    "web_read": [{"name": {}}],
    "export_data": [["name"]],
    "write": [{"name": "x"}],
    "unlink": [],
}
SEARCH = {
    "search": [[]],
    "search_count": [[("name", "!=", False)]],
    "search_read": [[], ["value"]],
    "formatted_read_group": [[], ["name"], ["__count"]],
    "create": [[{"name": "api_key", "value": "x"}]],
}
"""Ways to what is kept, and their arguments."""


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

    def get_secrets(self, system=None):
        return (system or self.system).sudo()._read_secrets()

    def assert_clean(self, value):
        self.assertNotIn("canary", str(value))

    def test_they_are_kept(self):
        """What was typed is what Panda gets, white space aside."""
        self.assertEqual(self.get_secrets(), TYPED)
        self.system.with_user(self.manager).api_key = "  canary-key-2\n"
        self.assertEqual(self.get_secrets()["api_key"], "canary-key-2")
        self.assertTrue(self.system.sudo().has_api_key)

    def test_saving_the_form_keeps_them(self):
        """The form shows them empty, and saving it empty does not lose them."""
        self.system.with_user(self.manager).write(
            {"access_password": False, "api_key": ""}
        )
        self.assertEqual(self.get_secrets(), TYPED)

    def test_read(self):
        """Reading gives nothing, whatever way it goes."""
        for system in self.readers:
            with self.subTest(system.env.user.login):
                self.assert_clean(system.read())
                fields = list(system.fields_get())
                names = {name: {} for name in fields}
                self.assert_clean(system.web_read(names))
                self.assert_clean(system.web_search_read([], names))
                self.assert_clean(system.export_data(fields))
                self.assert_clean(system.name_search("Panda"))

    def test_onchange(self):
        """Nor does the server send back what is being typed elsewhere on the form."""
        system = self.system.with_user(self.manager)
        names = {name: {} for name in system.fields_get()}
        self.assert_clean(system.onchange({"name": "New"}, ["name"], names))

    def test_where_they_are_kept(self):
        """Their table is closed to everybody, Odoo's administrators too."""
        admin = new_test_user(self.env, "some-admin", groups="base.group_system")
        secrets = self.env["panda.system.secret"].sudo().search([])
        self.assertEqual(set(secrets.mapped("name")), set(TYPED))
        for user in (self.user, self.manager, admin):
            for method, args in (READ | SEARCH).items():
                ids = [secrets.ids] if method in READ else []
                with (
                    self.subTest(method, user=user.login),
                    self.assertRaises(AccessError),
                ):
                    records = self.env["panda.system.secret"].with_user(user)
                    call_kw(records, method, [*ids, *args], {})

    def test_through_other_records(self):
        """Nor by way of a record that leads to the system."""
        account = self.make_account()
        for name in TYPED:
            domain = [(f"system_id.{name}", "=like", "canary%")]
            with self.assertRaises(AccessError):
                account.with_user(self.user).search(domain)
            with self.assertRaises(ValueError):  # there is nothing to search in
                account.with_user(self.manager).search(domain)
            exported = account.with_user(self.manager).export_data(
                [f"system_id/{name}"]
            )
            self.assert_clean(exported)
            with self.assertRaises(AccessError):
                account.with_user(self.user).export_data([f"system_id/{name}"])

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
        self.assertEqual(self.get_secrets(copy), {})
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
            self.system.with_user(self.manager).write({**TYPED, "state": "enabled"})
        self.assert_clean(refused.exception)
