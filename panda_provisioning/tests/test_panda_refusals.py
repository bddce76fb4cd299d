from odoo.tests import tagged

from .common import OptionsCase


@tagged("post_install", "-at_install")
class TestRefusals(OptionsCase):
    """What only Panda can know is wrong."""

    def press_refused(self, partner, place, text, **options):
        """Press the button; the form stays, filled in, with ``text`` at ``place``."""
        options = {"role": "user", "username": "ada.lovelace", **options}
        form, action = self.press(partner, **options)
        self.assertIn(text, form[place] or "", form.problem_count)
        self.assertEqual(form.problem_count, 1)
        self.assertEqual((action["res_model"], action["res_id"]), (form._name, form.id))
        self.assertEqual({name: form[name] for name in options}, options)
        account = self.get_account(partner)
        self.assertEqual((account.state, account.username), ("failed", form.username))
        return form, account

    def press_again(self, form, **changes):
        """Mend the form that came back and press once more."""
        form.write(changes)
        with self.committing() as env:
            action = form.with_env(env).action_save_and_synchronize()
        self.env.invalidate_all()
        return action

    def make_stranger(self, name="Ada Lovelace", **values):
        """Put somebody into Panda whom Odoo does not know any more."""
        partner = self.make_partner(name, **values)
        self.press(partner, role="user", username="ada.lovelace")
        account = self.get_account(partner)
        remote_id = account.remote_id
        self.assertTrue(remote_id)
        account.sudo().write({"remote_id": False, "marker_at": False})
        account.unlink()
        return remote_id

    def test_username_taken(self):
        """Somebody whom Odoo does not know has this username."""
        self.make_stranger("Other Ada")
        form, account = self.press_refused(
            self.make_partner(), "username_problem", "to somebody else already"
        )
        self.press_again(form, username="ada.byron")
        self.assertEqual(account.state, "synced", account.error_message)
        self.assertEqual(len(self.tenants()), 2, "the account made first is used")
        self.assertEqual(self.mails()[-1]["username"], "ada.byron")

    def test_email_taken(self):
        """Somebody whom Odoo does not know has this e-mail address."""
        self.make_stranger("Other Ada", email="ada@example.com")
        form, account = self.press_refused(
            self.make_partner(),
            "email_problem",
            "ada@example.com",
            username="ada.byron",
        )
        self.press_again(form, email="ada@byron.example.com")
        self.assertEqual(account.state, "synced", account.error_message)
        self.assertEqual(len(self.tenants()), 2, "the account made first is used")
        self.assertEqual(self.mails()[-1]["to"], "ada@byron.example.com")
        self.assertEqual(account.partner_id.email, "ada@byron.example.com")

    def test_same_name_mended(self):
        """The namesake is the same customer: the e-mail address was wrong."""
        remote_id = self.make_stranger()
        partner = self.make_partner(email="ada@exmaple.com")
        form, account = self.press_refused(partner, "name_problem", remote_id)
        self.assertTrue(form.may_create_anyway)
        self.press_again(form, email="ada@example.com")
        self.assertEqual((account.state, account.remote_id), ("synced", remote_id))
        self.assertTrue(account.adopted)
        self.assertEqual(len(self.tenants()), 1)

    def test_same_name_of_somebody_else(self):
        """The namesake is somebody else: a second account is wanted."""
        remote_id = self.make_stranger()
        partner = self.make_partner(email="ada@byron.example.com")
        form, account = self.press_refused(
            partner, "name_problem", remote_id, username="ada.byron"
        )
        self.press_again(form, create_anyway=True)
        self.assertEqual(account.state, "synced", account.error_message)
        self.assertNotEqual(account.remote_id, remote_id)
        self.assertEqual([t["name"] for t in self.tenants()], ["Ada Lovelace"] * 2)
        self.assertFalse(account.create_anyway, "said of this account only")

    def test_pressed_again_unchanged(self):
        """Pressing again without a change asks Panda again and creates nothing."""
        self.make_stranger()
        partner = self.make_partner(email="ada@byron.example.com")
        form, account = self.press_refused(partner, "name_problem", "of this name")
        self.press_again(form)
        self.assertEqual(account.state, "failed")
        self.assertEqual(len(self.tenants()), 1)

    def test_operator_refused(self):
        """A refusal of another kind is shown in Panda's words."""
        self.fault("transaction_failed", message="Password policy <b>missing</b>")
        form, account = self.press_refused(
            self.make_partner(), "general_problem", "Password policy <b>missing</b>"
        )
        note = account.partner_id.message_ids[0].body
        self.assertIn("Password policy &lt;b&gt;missing", note)
        self.assertNotIn("<b>", note)
        self.clear_faults()
        self.press_again(form)
        self.assertEqual(account.state, "synced", account.error_message)
        self.assertEqual(len(self.tenants()), 1)
