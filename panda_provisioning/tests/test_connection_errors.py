from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import PASSWORDS, READ_ONLY_ID, PandaCase

FOREIGN_ROOT = "ACC-2000002"

CREDENTIALS = {
    "Access ID": ({"access_id": "nobody"}, "refuses the Access ID or its password"),
    "password": ({"access_password": "x"}, "refuses the Access ID or its password"),
    "API key": ({"api_key": "x"}, "refuses the API key"),
    "read-only Access ID": (
        {"access_id": READ_ONLY_ID, "access_password": PASSWORDS[READ_ONLY_ID]},
        "This is the read-only Access ID",
    ),
    "somebody else's root account": (
        {"root_account_id": FOREIGN_ROOT},
        f"knows no root account {FOREIGN_ROOT}",
    ),
    "root account": ({"root_account_id": "ACC-9"}, "knows no root account ACC-9"),
}
"""Wrong values of a connection by name, and what the message says."""


@tagged("post_install", "-at_install")
class TestBadConnection(PandaCase):
    """A connection that is set up wrongly."""

    def setUp(self):
        super().setUp()
        self.right_values = self.get_connection_values()
        self.addresses = {
            "where nothing listens": {"base_url": "http://127.0.0.1:9"},
            "of something else": {"base_url": f"{self.sandbox.url}/elsewhere"},
        }

    def try_connection(self):
        """Press *Test Connection* and return what the administrator reads."""
        with self.committing(self.manager) as env:
            action = self.system.with_env(env).action_test_connection()
        return action["params"]

    def press_for(self, email):
        """Synchronise a contact; return its form, account and what is read."""
        partner = self.make_partner(email=email)
        username = email.partition("@")[0]
        form, action = self.press(partner, role="user", username=username)
        account = self.get_account(partner)
        self.assertEqual((account.role, account.username), ("user", username))
        self.assertEqual(self.tenants(), [])
        return form, account, action

    def mend(self, accounts):
        """Correct the connection, test it, and let the cron do the rest."""
        self.system.write(self.right_values)
        self.assertEqual(self.try_connection()["type"], "success")
        self.make_due(accounts)
        self.run_cron()
        for account in accounts:
            self.assertEqual(account.state, "synced", account.error_message)
        self.assertEqual(len(self.mails()), len(accounts))

    # === TEST CONNECTION === #

    def test_right(self):
        """A connection that works says with whom."""
        message = self.try_connection()
        self.assertEqual(message["type"], "success")
        self.assertIn("everything is in order", message["message"])

    def test_names_what_is_missing(self):
        """Before anything is asked of anybody."""
        begun = self.env["panda.system"].create({"access_id": "somebody"})
        missing = "Fill in: Root Account, Access Password, API Key"
        with (
            self.committing(self.manager) as env,
            self.assertRaisesRegex(UserError, missing),
        ):
            begun.with_env(env).action_test_connection()
        self.assertEqual(self.count_requests(), 0)

    def test_names_the_value_at_fault(self):
        """Test Connection says which of the values is wrong, and writes nothing."""
        for name, (values, text) in CREDENTIALS.items():
            with self.subTest(name):
                self.system.write({**self.right_values, **values})
                message = self.try_connection()
                self.assertEqual(message["type"], "danger")
                self.assertTrue(message["sticky"])
                self.assertIn(text, message["message"])
        self.assertEqual(self.tenants(), [])

    def test_names_the_address(self):
        """Test Connection names an address at which Panda does not answer."""
        for name, values in self.addresses.items():
            with self.subTest(name):
                self.system.write({**self.right_values, **values})
                message = self.try_connection()
                self.assertEqual(message["type"], "danger")
                self.assertIn(f"at {values['base_url']}", message["message"])
                self.assertIn("Check the API address", message["message"])

    def test_root_is_a_customer(self):
        """The Root Account is one below which nobody can be."""
        partner = self.make_partner()
        self.press(partner, role="user", username="ada.lovelace")
        account = self.get_account(partner)
        customer = account.remote_id
        account._forget_place(keep_choice=False)
        self.system.root_account_id = customer
        self.assertIn("is a customer", self.try_connection()["message"])

    def test_addresses_that_are_refused(self):
        """What cannot be an address, or would send the secrets in the clear."""
        for url, text in {
            "panda": "must look like",
            "ftp://panda.example.com": "must look like",
            "https://": "must look like",
            "http://panda.example.com": "must start with https://",
            "http://2130706433:8470": "must start with https://",
            "https://me:secret@panda.example.com": "without credentials",
            "https://panda.example.com?key=1": "without credentials or query",
        }.items():
            with self.subTest(url), self.assertRaisesRegex(ValidationError, text):
                self.system.base_url = url

    def test_sandbox_beside_odoo(self):
        """A name of the private network may do without TLS, in test mode only."""
        self.system.write({**self.right_values, "base_url": "http://sandbox:8470"})
        self.assertEqual(self.system.state, "test")
        with self.assertRaisesRegex(ValidationError, "must start with https://"):
            self.system.state = "enabled"

    def test_incomplete(self):
        """What is missing is named before the system can be switched on."""
        system = self.env["panda.system"].create({"name": "New"})
        with self.assertRaisesRegex(
            ValidationError, "Root Account, Access ID, Access Password, API Key"
        ):
            system.state = "test"

    # === SAVE & SYNCHRONIZE === #

    def test_credentials_are_refused(self):
        """The options are kept, the account is not to blame, and it is said who must
        do what and when it is tried again."""
        for name, (values, text) in CREDENTIALS.items():
            with self.subTest(name):
                self.reset_panda()
                # Nothing is there any more, so another place may be entered.
                self.env["panda.account"].search([])._forget_place(keep_choice=False)
                self.system.write({**self.right_values, **values})
                self.system._set_healthy()
                email = f"ada.l{self.count_accounts()}@example.com"
                form, account, action = self.press_for(email)
                self.assertEqual((account.state, account.attempt_count), ("retry", 0))
                self.assertEqual(action["params"]["type"], "warning")
                message = action["params"]["message"]
                self.assertIn("The options are saved.", message)
                self.assertIn("Panda Antivirus", message)
                self.assertIn("next try", message)
                self.assertEqual(self.system.health, "quarantined")
                form.invalidate_recordset()
                self.assertIn(text, form.health_message)
                self.assertIn("Next try", form.health_message)
                self.mend(account)

    def test_while_interrupted(self):
        """Who comes while a system is interrupted is told so, and nothing is sent."""
        self.system.write({"api_key": "x"})
        _form, first, _action = self.press_for("first@example.com")
        before = self.count_requests()
        _form, second, action = self.press_for("second@example.com")
        self.assertEqual(self.count_requests(), before)
        self.assertEqual((second.state, second.attempt_count), ("queued", 0))
        message = action["params"]["message"]
        self.assertIn("The options are saved. Interrupted since", message)
        self.assertIn("refuses the API key", message)
        self.mend(first | second)

    def test_address_is_wrong(self):
        """Nothing that looks like Panda answers: it is tried again by itself."""
        for name, values in self.addresses.items():
            with self.subTest(name):
                self.reset_panda()
                # Nothing is there any more, so another place may be entered.
                self.env["panda.account"].search([])._forget_place(keep_choice=False)
                self.system.write({**self.right_values, **values})
                email = f"ada.l{self.count_accounts()}@example.com"
                _form, account, action = self.press_for(email)
                self.assertEqual(account.state, "retry", account.error_message)
                self.assertEqual(action["params"]["type"], "warning")
                message = action["params"]["message"]
                self.assertIn("The options are saved. Panda", message)
                self.assertIn("next try", message)
                self.mend(account)

    def count_accounts(self):
        return self.env["panda.account"].search_count([])
