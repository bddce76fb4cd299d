from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import PandaCase

FORGED = {
    "state": "synced",
    "remote_id": "WGC-1-forged",
    "operator_ready": True,
    "marker_at": "2026-01-01 00:00:00",
    "step": "done",
    "email": "forged@example.com",
}
"""What a client would like an account to have."""


@tagged("post_install", "-at_install")
class TestEngineColumnsAreGuarded(PandaCase):
    """Columns of the engine take no value from outside, by whatever way it comes."""

    def setUp(self):
        super().setUp()
        self.partner = self.make_partner()
        self.context = {f"default_{name}": value for name, value in FORGED.items()}
        self.values = {"partner_id": self.partner.id, "system_id": self.system.id}

    def assert_untouched(self, account):
        self.assertEqual(len(account), 1)
        self.assertEqual((account.state, account.step), ("draft", "find_account"))
        self.assertEqual(account.email, "ada@example.com")
        for name in ("remote_id", "operator_ready", "marker_at"):
            self.assertFalse(account[name], name)

    def test_defaults_in_the_context_on_create(self):
        accounts = self.env["panda.account"].with_user(self.manager)
        context = {**self.context, "default_username": "by.default"}
        account = accounts.with_context(**context).create(self.values)
        self.assert_untouched(account)
        # That defaults were taken at all:
        self.assertEqual(account.username, "by.default")

    def test_defaults_in_the_context_through_the_wizard(self):
        for press in ("action_save", "action_save_and_synchronize"):
            with self.subTest(press):
                partner = self.make_partner(f"{press.title()} Person", phone=False)
                options = self.env["panda.sync.options"].with_user(self.user)
                options = options.with_context(**self.context)
                form = options.create({**self.values, "partner_id": partner.id})
                getattr(form, press)()
                account = self.get_account(partner)
                self.assertIn(account.state, (False, "draft"))
                self.assertFalse(account.remote_id)

    def test_defaults_in_the_context_through_the_contact(self):
        command = Command.create({"system_id": self.system.id})
        partner = self.partner.with_user(self.user).with_context(**self.context)
        partner.panda_account_ids = [command]
        self.assert_untouched(self.get_account(self.partner))

    def test_defaults_that_users_keep(self):
        """*Set Defaults*, which every employee may."""
        stranger = new_test_user(self.env, "stranger", groups="base.group_user")
        for user in (self.user, stranger):
            defaults = self.env["ir.default"].with_user(user)
            for name, value in FORGED.items():
                defaults.set("panda.account", name, value, user_id=True)
        account = self.env["panda.account"].with_user(self.user).create(self.values)
        self.assert_untouched(account)

    def test_defaults_do_not_reach_superuser_code_either(self):
        accounts = self.env["panda.account"].with_context(**self.context)
        self.assert_untouched(accounts.sudo().create(self.values))

    def test_values(self):
        account = self.make_account(self.partner).with_user(self.manager)
        for name, value in FORGED.items():
            with (
                self.subTest(name),
                self.assertRaisesRegex(AccessError, f"synchronization only: {name}"),
            ):
                account.write({name: value})
        with self.assertRaisesRegex(AccessError, "synchronization only"):
            account.copy({"partner_id": self.make_partner().id, "state": "synced"})

    def test_default_of_the_form(self):
        """Nor does a form that was not saved show them."""
        accounts = self.env["panda.account"].with_user(self.user)
        shown = accounts.with_context(**self.context).onchange(
            {}, [], {"state": {}, "remote_id": {}}
        )["value"]
        self.assertEqual((shown["state"], shown["remote_id"]), ("draft", False))


@tagged("post_install", "-at_install")
class TestPeopleOfOtherCompanies(PandaCase):
    """Nobody reads whom he may not see by naming him where we compute with him."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.company"].create({"name": "Other"})
        cls.secret = cls.make_partner(
            "Secret Person", company_id=cls.other.id, phone="+32 470 99 88 77"
        )
        cls.theirs = cls.make_company(
            "Their Company", "Secret Employee", company_id=cls.other.id
        )
        cls.theirs.child_ids.company_id = cls.other
        cls.their_system = cls.make_system("Theirs", company_id=cls.other.id)
        cls.their_account = cls.env["panda.account"].create(
            {
                "partner_id": cls.secret.id,
                "system_id": cls.their_system.id,
                "role": "reseller",
                "username": "secret.username",
            }
        )
        cls.account = cls.make_account(cls.make_company("Acme", "Ada Lovelace"))

    def refuse(self, model, values, spec, **context):
        """The form refuses ``values``, those that it starts with too."""
        records = self.env[model].with_user(self.user).with_context(**context)
        spec = {name: {} for name in (*values, *spec)}
        with self.assertRaises(AccessError):
            records.onchange(dict(values), list(values), spec)
        defaults = {f"default_{name}": value for name, value in values.items()}
        with self.assertRaises(AccessError):
            records.with_context(**defaults).onchange({}, [], spec)

    def test_contact_person(self):
        for person in (self.secret, self.theirs.child_ids):
            with self.subTest(person.name):
                account = self.account.with_user(self.user)
                with self.assertRaises(AccessError):
                    account.contact_id = person.id
                self.env.invalidate_all()
                with self.assertRaises(AccessError):
                    account.onchange(
                        {"contact_id": person.id},
                        ["contact_id"],
                        {"first_name": {}, "last_name": {}, "phone": {}},
                    )
        self.assertEqual(self.account.first_name, "Ada")

    def test_contact_person_is_one_of_the_contact(self):
        """Not somebody else of the same company either."""
        stranger = self.make_partner("Bob Babbage")
        with self.assertRaisesRegex(UserError, "not a contact person of Acme"):
            self.account.with_user(self.user).contact_id = stranger
        colleague = self.account.partner_id.child_ids.copy({"name": "Bea Babbage"})
        self.account.with_user(self.user).contact_id = colleague
        self.assertEqual(self.account.first_name, "Bea")

    def test_contact_person_of_another_company_is_not_proposed(self):
        company = self.make_company("Shared", "Secret A. Colleague", "Own Colleague")
        secret, own = company.child_ids.sorted("name", reverse=True)
        secret.email = "first@example.com"  # who has one is proposed first
        secret.company_id = self.other
        account = self.make_account(company)
        self.assertEqual(account.contact_id, own)
        options = self.env["panda.sync.options"].with_user(self.user)
        form = options.create({"partner_id": company.id, "system_id": self.system.id})
        self.assertEqual(form.first_name, "Own")
        self.assertEqual(
            self.env["panda.account"]
            .create({"partner_id": company.id, "system_id": self.their_system.id})
            .contact_id,
            secret,
        )

    def test_forms(self):
        own, system = self.account.partner_id.id, self.their_system.id
        for model, values, spec in (
            ("panda.account", {"partner_id": self.secret.id}, ["email", "phone"]),
            ("panda.account", {"system_id": system}, ["explanation"]),
            ("panda.account", {"parent_id": self.their_account.id}, ["explanation"]),
            ("panda.mark.done", {"account_id": self.their_account.id}, ["role"]),
            ("panda.link", {"account_id": self.their_account.id}, ["remote_id"]),
            ("panda.sync.options", {"partner_id": self.secret.id}, ["username"]),
            (
                "panda.sync.options",
                {"partner_id": own, "system_id": system},
                ["system_state"],
            ),
            ("provisioning.systems", {"partner_id": self.secret.id}, ["line_ids"]),
            ("res.partner", {"panda_reseller_id": self.secret.id}, ["panda_role"]),
        ):
            with self.subTest(model, **values):
                self.refuse(model, values, spec)

    def test_lines_of_forms(self):
        """What is named in a line of a contact that was not saved."""
        line = {"system_id": self.system.id, "contact_id": self.secret.id}
        partner = self.account.partner_id.with_user(self.user)
        with self.assertRaises(AccessError):
            partner.onchange(
                {"panda_account_ids": [[0, "virtual_1", line]]},
                ["panda_account_ids"],
                {"panda_account_ids": {"fields": {"first_name": {}}}},
            )

    def test_what_one_may_see_is_not_refused(self):
        """The same forms, with one's own records."""
        account = self.account.with_user(self.user)
        [person] = self.account.partner_id.child_ids
        shown = account.onchange(
            {"contact_id": person.id}, ["contact_id"], {"first_name": {}}
        )
        self.assertIn("value", shown)
        shown = account.env["panda.mark.done"].onchange(
            {"account_id": account.id}, ["account_id"], {"role": {}}
        )
        self.assertEqual(shown["value"]["role"], "user")

    def test_stored_wizards(self):
        for model, values in (
            ("panda.mark.done", {"account_id": self.their_account.id, "reason": "x"}),
            ("panda.link", {"account_id": self.their_account.id}),
            ("panda.sync.options", {"partner_id": self.secret.id}),
            ("provisioning.systems", {"partner_id": self.secret.id}),
        ):
            with self.subTest(model), self.assertRaises(AccessError):
                self.env[model].with_user(self.user).create(values)

    def test_companies_named_in_the_context(self):
        """A company in the context shows nothing of it, whoever's contact it is."""
        self.secret.company_id = False  # shared, with an account of another company
        rule = self.env.ref("base.res_partner_rule", raise_if_not_found=False)
        rule.active = False  # else this is refused before anything is computed
        partner = self.secret.with_user(self.user)
        partner = partner.with_context(allowed_company_ids=self.other.ids)
        self.assertFalse(partner.sudo().panda_username)
        in_it = self.secret.with_context(allowed_company_ids=self.other.ids)
        self.assertEqual(in_it.panda_username, "secret.username")

    def test_pop_up_lists_systems_only(self):
        """Not whatever record a client names in its place."""
        popups = self.env["provisioning.systems"].with_user(self.user)
        popup = popups.create({"partner_id": self.account.partner_id.id})
        line = popup.line_ids.create(
            {"popup_id": popup.id, "res_model": "res.users", "res_id": self.user.id}
        )
        with self.assertRaisesRegex(AccessError, "no provisioning system"):
            line.read(["name"])

    def test_what_is_taken_names_nobody(self):
        """A username, an e-mail address and a Panda ID are taken, and not by whom."""
        hidden = self.make_partner("Secret Henry", email="taken@example.com")
        self.make_account(
            hidden, username="taken.name", remote_id="WGC-1-taken", state="synced"
        )
        hidden.company_id = self.other
        partner = self.make_partner("Bob Babbage", email=hidden.email)
        form, _action = self.press(partner, role="user", username="taken.name")
        account = self.make_account(self.make_partner("Cara Curie"), state="failed")
        wizard = self.env["panda.mark.done"].with_user(self.user)
        wizard = wizard.create(
            {"account_id": account.id, "remote_id": "WGC-1-taken", "reason": "by hand"}
        )
        with self.assertRaises(UserError) as refused:
            wizard.action_confirm()
        said = (form.username_problem, form.email_problem, str(refused.exception))
        for text in said:
            self.assertIn("another contact", text)
            self.assertNotIn("Henry", text)
            self.assertNotIn(self.other.name, text)

    def test_merging_names_nobody(self):
        accounts = self.their_account
        accounts |= self.env["panda.account"].create(
            {"partner_id": self.theirs.id, "system_id": self.their_system.id}
        )
        for number, account in enumerate(accounts):
            account.remote_id = f"WGC-1-secret{number}"
        merge = self.env["base.partner.merge.automatic.wizard"].with_user(self.user)
        with self.assertRaises(AccessError):
            merge._merge(accounts.partner_id.ids)
