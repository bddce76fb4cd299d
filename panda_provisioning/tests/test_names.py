from odoo.tests import tagged

from .common import OptionsCase

NAMES = {
    "quotes": 'Ada "The Countess" O\'Lovelace',
    "angle brackets": "Ada <b>Lovelace</b> & <script>alert(1)</script>",
    "an entity": "Ada &lt;Lovelace&gt;",
    "emoji": "Ada 👩‍💻🇬🇧 Lovelace",
    "right-to-left": "עדה לאבלייס",
    "right-to-left among others": "Ada \u202eLovelace\u202c الثانية",
    "percent and braces": "Ada %s %(name)s {0} Lovelace",
    "a backslash": "Ada \\n Love\\lace",
    "200 characters": f"Ada {'L' * 196}",
}


@tagged("post_install", "-at_install")
class TestNames(OptionsCase):
    """Names of all kinds: as people write them, or refused."""

    def test_letter_for_letter(self):
        """What people are called arrives in Panda as it is."""
        for number, (name, text) in enumerate(NAMES.items()):
            with self.subTest(name):
                partner = self.make_partner(text, email=f"ada{number}@example.com")
                username = f"ada.love{number}"
                _form, action = self.press(partner, role="user", username=username)
                account = self.get_account(partner)
                self.assertEqual(account.state, "synced", account.error_message)
                tenant = self.tenants()[-1]
                self.assertEqual(tenant["name"], text)
                first, last = text.split(" ", 1)
                person = (tenant["firstName"], tenant["lastName"])
                self.assertEqual(person, (first, last))
                self.assertIn(text, action["params"]["message"])

    def test_accents(self):
        """Both ways to write an accent are one name, and are sent as one."""
        for number, name in enumerate(("A\u0301da Lovelace", "\u00c1da Lovelace")):
            partner = self.make_partner(name, email=f"ada{number}@example.com")
            self.press(partner, role="user", username=f"ada.love{number}")
        names = [tenant["name"] for tenant in self.tenants()]
        self.assertEqual(names, ["\u00c1da Lovelace"] * 2)

    def test_too_long(self):
        """A name of 300 characters is refused before it is sent."""
        company = self.make_partner("L" * 300, is_company=True, email="l@example.com")
        person = {"first_name": "Ada", "last_name": "Lovelace"}
        self.assert_refused(company, "name_problem", "over 200 characters", **person)
        company.name = "Analytical Engines"
        self.assert_refused(
            company,
            "person_problem",
            "The first name has over 200 characters",
            first_name="A" * 300,
            last_name="Lovelace",
        )
        self.assert_refused(
            company,
            "person_problem",
            "The last name has over 200 characters",
            first_name="Ada",
            last_name="L" * 300,
        )

    def test_unprintable(self):
        """A line feed or a bell in a name comes from a bad import."""
        partner = self.make_partner("Ada Love\alace")
        form, _action = self.press(partner, role="user", username="ada.love")
        self.assertIn("cannot be printed", form.name_problem)
        self.assert_sent_nothing()

    def test_no_html_in_notes(self):
        """A name is text in every note, however it looks."""
        name = 'Ada <a href="https://evil.example.com">Lovelace</a>'
        partner = self.make_partner(name, email="ada@example.com")
        account = self.make_account(partner)
        account.action_synchronize()
        partner.active = False
        self.run_cron()
        self.assertEqual(account.state, "failed")
        note = partner.activity_ids.note
        for body in (partner.message_ids[0].body, note):
            self.assertIn("Ada &lt;a href=", body)
            self.assertNotIn("<a ", body)
