from odoo.tests import tagged
from odoo.tools import file_open, mute_logger

from .bulk_common import XLSX, BulkCase


@tagged("post_install", "-at_install")
class TestImport(BulkCase):
    """Roles, resellers and usernames come in through Odoo's own import."""

    # === ACCOUNTS === #

    def test_accounts(self):
        """Options are set; the system is that of the company. A reseller may stand in
        the same file, above his customers."""
        ada, rita = self.make_partner(), self.make_partner("Rita Reseller")
        columns, result = self.load(
            "panda.account",
            [
                ("Contact", "Role", "Username", "Parent Account"),
                ("Rita Reseller", "Reseller", "rita.from.file", ""),
                ("Ada Lovelace", "User", "ada.from.file", "Rita Reseller"),
            ],
        )
        self.assertEqual(columns, ["partner_id", "role", "username", "parent_id"])
        self.assertEqual(self.messages(result), [])
        self.assertEqual(self.get_account(ada).parent_id, self.get_account(rita))
        accounts = (ada + rita).panda_account_ids
        self.assertEqual(accounts.mapped("state"), ["draft", "draft"])
        self.assertEqual(accounts.system_id, self.system)
        self.assertEqual(self.get_account(rita).role, "reseller")
        self.assertEqual(self.get_account(ada).username, "ada.from.file")
        self.assertEqual(self.count_requests(), 0)

    def test_dry_run(self):
        """*Test* says what is wrong and leaves nothing behind."""
        self.make_partner()
        rows = [("Contact", "Role"), ("Ada Lovelace", "User")]
        _columns, result = self.load("panda.account", rows, dryrun=True)
        self.assertEqual(self.messages(result), [])
        self.assertFalse(self.env["panda.account"].search([]))

    def test_errors_by_row(self):
        """Each row that is wrong is named, in plain words, and nothing is imported."""
        ada = self.make_partner()
        self.make_partner("Olga Other")
        _columns, result = self.load(
            "panda.account",
            [
                ("Contact", "Role", "Username"),
                ("Ada Lovelace", "User", "ada.from.file"),
                ("Olga Other", "Boss", "olga.boss"),
            ],
        )
        self.assertEqual(
            self.messages(result),
            [(1, "Value 'Boss' not found in selection field 'Role'")],
        )
        self.assertFalse(ada.panda_account_ids)

    @mute_logger("odoo.sql_db")
    def test_taken(self):
        """What another contact has already is refused in those words, by row."""
        ada = self.make_partner()
        bob, olga = self.make_partner("Bob Babbage"), self.make_partner("Olga Other")
        self.make_account(olga, username="taken.name")
        _columns, result = self.load(
            "panda.account",
            [
                ("Contact", "Role", "Username"),
                ("Ada Lovelace", "User", "ada.from.file"),
                ("Bob Babbage", "User", "Taken.Name"),
                ("Olga Other", "User", "olga.again"),
            ],
        )
        self.assertEqual(
            self.messages(result),
            [
                (1, "This username is taken by another contact."),
                (2, "This contact has an account in this system already."),
            ],
        )
        self.assertFalse((ada + bob).panda_account_ids)

    def test_impossible_parent(self):
        """A user is nobody's Parent Account."""
        self.make_account(self.make_partner("Olga Other"))
        self.make_partner()
        _columns, result = self.load(
            "panda.account",
            [
                ("Contact", "Role", "Parent Account"),
                ("Ada Lovelace", "User", "Olga Other"),
            ],
        )
        self.assertEqual(
            self.messages(result), [(0, "The Parent Account is not a reseller.")]
        )

    def test_engine_fields(self):
        """States and IDs do not come from a file."""
        self.make_partner()
        columns, _result = self.load(
            "panda.account",
            [("Contact", "Panda ID", "Status"), ("Ada Lovelace", "ACC-1", "Failed")],
            dryrun=True,
        )
        self.assertEqual(columns, ["partner_id", False, False])

    # === CONTACTS === #

    def test_contacts(self):
        """Contacts come in together with their reseller, role and username."""
        columns, result = self.load(
            "res.partner",
            [
                ("Name", "Email", "Phone", "Reseller", "Panda Accounts/Role",
                 "Panda Accounts/Username"),
                ("Rita Reseller", "rita@example.com", "+32470123456", "", "Reseller",
                 "rita.from.file"),
                ("Carl Customer", "carl@example.com", "+32470123457", "Rita Reseller",
                 "User", "carl.from.file"),
            ],
        )  # fmt: skip
        self.assertIn("panda_account_ids/username", columns)
        self.assertEqual(self.messages(result), [])
        carl = self.env["res.partner"].search([("name", "=", "Carl Customer")])
        self.assertEqual(carl.panda_reseller_id.name, "Rita Reseller")
        self.assertEqual(self.get_account(carl).username, "carl.from.file")
        self.assertEqual(carl.panda_sync_status, "draft")

    def test_act_on_the_import(self):
        """What was imported is selected and synchronised: reseller, then customer."""
        self.test_contacts()
        accounts = self.env["panda.account"].search([])
        with self.committing() as env:
            action = accounts.with_env(env).action_preview()
        preview, rows = self.read_preview(action["context"])
        outcomes = {partner.name: row.outcome for partner, row in rows.items()}
        self.assertEqual(
            outcomes, {"Rita Reseller": "create", "Carl Customer": "waiting"}
        )
        self.queue(preview)
        self.assertEqual(set(accounts.mapped("state")), {"synced"})
        self.assertEqual(
            [mail["username"] for mail in self.mails()],
            ["rita.from.file", "carl.from.file"],
        )

    def test_link_by_username(self):
        """An imported username links what is in Panda already, operator and all."""
        ada = self.make_partner()
        remote_id = self.plant(ada, username="ada.since.years")
        sent = len(self.mails())
        self.load(
            "panda.account",
            [
                ("Contact", "Role", "Username"),
                ("Ada Lovelace", "User", "ada.since.years"),
            ],
        )
        preview, rows = self.preview(ada)
        self.assertEqual(rows[ada].outcome, "link")
        self.queue(preview)
        account = self.get_account(ada)
        self.assertEqual((account.state, account.remote_id), ("synced", remote_id))
        self.assertEqual(len(self.mails()), sent, "nobody is mailed again")

    def test_templates(self):
        """The templates that are offered go through as they are."""
        for model, position in (("res.partner", -1), ("panda.account", 0)):
            template = self.env[model].get_import_templates()[position]["template"]
            with self.subTest(template), file_open(template.lstrip("/"), "rb") as file:
                columns, result = self.load_file(model, file.read(), XLSX)
                self.assertEqual(self.messages(result), [])
                self.assertNotIn(False, columns)
                accounts = self.env["panda.account"].search([])
                self.assertIn("northwind.it", accounts.mapped("username"))
                accounts.unlink()
