from odoo.tests import TransactionCase, tagged

from ..core.error_catalogue import CATALOGUE, may_create_anyway
from ..models.panda_error_texts import CONNECTION_TEXTS, LABELS, TEXTS


@tagged("post_install", "-at_install")
class TestErrorTexts(TransactionCase):
    """The texts, which Odoo translates, belong to the codes of the catalogue."""

    def test_every_code_has_a_text_and_a_label(self):
        self.assertEqual(TEXTS.keys(), CATALOGUE.keys())
        self.assertEqual(dict(LABELS).keys(), CATALOGUE.keys())
        self.assertEqual(len(LABELS), len(CATALOGUE), "a label is there twice")

    def test_every_text_of_a_connection_belongs_to_a_code(self):
        self.assertLessEqual(CONNECTION_TEXTS.keys() - {"connected"}, CATALOGUE.keys())
        blaming = {e.code for e in CATALOGUE.values() if e.connection_field}
        said = CONNECTION_TEXTS.keys() & blaming
        # Whatever has no text of its own is about the address.
        about_address = {
            code for code in blaming if CATALOGUE[code].connection_field == "base_url"
        }
        self.assertLessEqual(
            blaming - about_address - {"root_not_found", "token_refused", "forbidden"},
            said,
        )

    def test_where_an_account_can_be_created_all_the_same_its_text_says_so(self):
        codes = {code for code in CATALOGUE if may_create_anyway(code)}
        self.assertIn("too_many_strangers", codes)
        for code in codes:
            self.assertRegex(str(TEXTS[code]), r"(have|create) an(other)? account")

    def test_error_code_is_a_selection_of_the_catalogue(self):
        field = self.env["panda.account"]._fields["error_code"]
        self.assertEqual(set(field.get_values(self.env)), CATALOGUE.keys())

    def test_a_number_that_cannot_be_read_is_not_called_missing(self):
        partner = self.env["res.partner"].new({"name": "Ada", "phone": "call me"})
        account = self.env["panda.account"].new({"partner_id": partner})
        text = self.env["panda.message"]._problem
        self.assertEqual(
            text(account, "phone_missing"), text(account, "phone_unreadable")
        )
        partner.phone = False
        self.assertIn("has no phone number", text(account, "phone_missing"))
