from odoo.tests import tagged

from .common import OptionsCase

WITHOUT_EMAIL = "Ada Lovelace has no e-mail address"
MALFORMED = "is not a valid e-mail address"

EMAILS = {
    "none": (False, WITHOUT_EMAIL),
    "blank": ("  ", WITHOUT_EMAIL),
    "nothing behind the @": ("ada@", MALFORMED),
    "nothing before the @": ("@example.com", MALFORMED),
    "no @": ("ada.example.com", MALFORMED),
    "no dot behind the @": ("ada@example", MALFORMED),
    "a space": ("ada lovelace@example.com", MALFORMED),
    "an accent": ("adà@example.com", MALFORMED),
    "two, with a comma": ("ada@example.com, bob@example.com", "more than one"),
    "two, with a semicolon": ("ada@example.com;bob@example.com", "more than one"),
    "two, with a space": ("ada@example.com bob@example.com", "more than one"),
}

PHONES = {
    "none": (False, "has no phone number"),
    "words": ("ask the neighbours", "“ask the neighbours” cannot be read"),
    "too short": ("+32 12", "“+32 12” cannot be read"),
    "no such country code": ("+999 470 12 34 56", "cannot be read"),
}

USERNAMES = {
    "empty": ("", "Enter a username"),
    "4 characters": ("ada1", "5 to 65 characters"),
    "66 characters": ("a" * 66, "5 to 65 characters"),
    "an e-mail address": ("ada@example.com", "An e-mail address is none"),
    "a space": ("ada lovelace", "5 to 65 characters"),
    "an accent": ("adà.lovelace", "letters without accents"),
    "another script": ("אדהלאבלייס", "letters without accents"),
    "full-width letters": ("ａｄａ．ｌｏｖｅ", "letters without accents"),
    "angle brackets": ("<b>ada</b>", "5 to 65 characters"),
    "a line feed": ("ada.lovelace\n", "5 to 65 characters"),
}


@tagged("post_install", "-at_install")
class TestBadInput(OptionsCase):
    """What can be wrong is said at its place, before anything is sent, and what was
    typed is kept."""

    # === CONTACT === #

    def test_email(self):
        """An e-mail address is missing, malformed, or one too many."""
        for name, (email, text) in EMAILS.items():
            with self.subTest(name):
                partner = self.make_partner(email=email)
                self.assert_refused(partner, "email_problem", text)

    def test_email_of_another(self):
        """Panda takes every e-mail address once, in whatever letter case."""
        self.press(self.make_partner(), role="user", username="first.ada")
        self.reset_panda()
        other = self.make_partner("Other Ada", email="ADA@example.com")
        self.assert_refused(other, "email_problem", "used by another contact")

    def test_email_with_a_name(self):
        """A name around the address is no fault: Odoo writes it so itself."""
        partner = self.make_partner(email='"Ada" <Ada@Example.com>')
        self.press(partner, role="user", username="ada.lovelace")
        self.assertEqual(self.tenants()[0]["email"], "ada@example.com")

    def test_phone(self):
        """A phone number is missing or cannot be read."""
        for name, (phone, text) in PHONES.items():
            with self.subTest(name):
                partner = self.make_partner(phone=phone)
                self.assert_refused(partner, "phone_problem", text)

    def test_phone_without_country(self):
        """A national number means nothing without a country."""
        self.env.company.country_id = False
        partner = self.make_partner(phone="0470 12 34 56", country_id=False)
        self.assert_refused(partner, "phone_problem", "set the country of the contact")
        partner.country_id = self.env.ref("base.be")
        self.press(partner, role="user", username="ada.lovelace")
        [operator] = self.operators()
        self.assertEqual(operator["phone"], "32470123456")

    def test_no_person(self):
        """A company without people has neither first nor last name."""
        company = self.make_partner("Analytical Engines", is_company=True)
        self.assert_refused(company, "person_problem", "add a person to the contact")

    def test_person_typed(self):
        """The person may be typed in instead of added to the contact."""
        company = self.make_partner("Analytical Engines", is_company=True)
        self.assert_refused(
            company, "person_problem", "Enter the last name", first_name="Ada"
        )
        self.press(
            company,
            role="user",
            username="ada.lovelace",
            first_name="Ada",
            last_name="Lovelace",
        )
        [tenant] = self.tenants()
        person = (tenant["name"], tenant["firstName"], tenant["lastName"])
        self.assertEqual(person, ("Analytical Engines", "Ada", "Lovelace"))

    def test_one_word_person(self):
        """Who has a single name lacks the other, as a contact or as its person."""
        artist = self.make_partner("Cher")
        self.assert_refused(artist, "person_problem", "Enter the last name")
        band = self.make_company("Cher & Co", "Cher")
        self.assert_refused(band, "person_problem", "Enter the last name")

    def test_archived_contact(self):
        """An archived contact is restored first."""
        partner = self.make_partner(active=False)
        self.assert_refused(partner, "general_problem", "Ada Lovelace is archived")

    # === OPTIONS === #

    def test_username(self):
        """A username that Panda would not take."""
        for name, (username, text) in USERNAMES.items():
            with self.subTest(name):
                partner = self.make_partner()
                self.assert_refused(
                    partner, "username_problem", text, username=username
                )

    def test_username_at_its_limits(self):
        """5 and 65 characters are right."""
        for length in (5, 65):
            partner = self.make_partner(email=f"ada{length}@example.com")
            self.press(partner, role="user", username="a" * length)
            self.assertEqual(self.get_account(partner).state, "synced")

    def test_username_taken_in_other_case(self):
        """Upper and lower case count as the same."""
        other = self.make_partner("Other Ada")
        self.make_account(other, username="Ada.LOVELACE")
        self.assert_refused(
            self.make_partner(), "username_problem", "taken by another contact"
        )

    def test_no_role(self):
        """The role is a choice, not a default."""
        self.assert_refused(
            self.make_partner(), "role_problem", "Choose a role", role=False
        )

    def test_reseller_of_others_as_user(self):
        """Who has customers is a reseller."""
        reseller = self.make_partner()
        self.make_partner("Carl Customer", panda_reseller_id=reseller.id)
        self.assert_refused(
            reseller, "role_problem", "Ada Lovelace is the reseller of other contacts"
        )

    def test_disabled_system(self):
        """A system that somebody has switched off meanwhile."""
        self.system.state = "disabled"
        self.assert_refused(
            self.make_partner(), "general_problem", "Panda Antivirus is disabled"
        )

    def test_contact_of_other_company(self):
        """A contact is put into systems of its own company only."""
        company = self.env["res.company"].create({"name": "Other"})
        self.user.company_ids += company
        partner = self.make_partner(company_id=company.id)
        self.assert_refused(
            partner, "general_problem", "belongs to another company than Panda"
        )

    def test_everything_at_once(self):
        """All is told in one go, each thing at its place."""
        partner = self.make_partner("Cher", email=False, phone=False)
        form, _action = self.press(partner, role=False, username="cher")
        for place in ("role", "username", "email", "person", "phone"):
            self.assertTrue(form[f"{place}_problem"], place)
        self.assertEqual(form.problem_count, 5)
        self.assert_sent_nothing()

    def test_save_what_is_incomplete(self):
        """*Save* keeps the options for later, whatever is still missing."""
        partner = self.make_partner(email=False)
        with self.committing() as env:
            form = env["panda.sync.options"].create(
                {"partner_id": partner.id, "system_id": self.system.id}
            )
            form.write({"role": "reseller", "username": "countess"})
            action = form.action_save()
        self.assertEqual(action["type"], "ir.actions.act_window_close")
        account = self.get_account(partner)
        self.assertEqual((account.role, account.username), ("reseller", "countess"))
        self.assertEqual(account.state, "draft")
        self.assert_sent_nothing()
