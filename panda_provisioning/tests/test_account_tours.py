from odoo.tests import tagged

from .common import PandaTourCase


@tagged("post_install", "-at_install")
class TestAccountTours(PandaTourCase):
    """An operator's way through the accounts, in a browser."""

    def walk(self, name):
        self.start_tour("/odoo/panda-accounts", name, login=self.user.login)
        self.env.invalidate_all()

    def test_list_filters_and_board(self):
        for state in ("synced", "failed"):
            self.make_account(
                self.make_partner(f"{state.title()} Lovelace"),
                state=state,
                username=f"{state}.love",
                error_code="username_taken" if state == "failed" else False,
            )
        self.walk("panda_provisioning_accounts")

    def test_mend_what_failed(self):
        """Read the timeline, press the button, correct the field, done."""
        account = self.make_account(username="ada.lovelace")
        words = "Username ada.lovelace is already taken"
        self.fault("transaction_failed", method="POST", message=words, times=1)
        self.synchronize(account)
        self.assertEqual(account.state, "failed")
        self.walk("panda_provisioning_mend")
        self.assertEqual((account.state, account.username), ("synced", "countess.ada"))
        self.assertEqual(len(self.tenants()), 1)

    def test_link_to_existing(self):
        remote_id = self.make_tenant("Ada Lovelace", "office@example.com")
        account = self.make_account()
        self.synchronize(account)
        self.assertEqual(account.error_code, "name_exists")
        self.walk("panda_provisioning_link")
        self.assertEqual((account.state, account.remote_id), ("synced", remote_id))
        self.assertEqual(len(self.tenants()), 1)

    def test_mark_as_done_elsewhere(self):
        account = self.make_account(self.make_partner(phone=False))
        self.synchronize(account)
        self.assertEqual(account.error_code, "phone_missing")
        self.walk("panda_provisioning_mark_done")
        self.assertEqual(
            (account.state, account.done_elsewhere), ("synced", "Ann did it by hand")
        )
        self.assertEqual(self.tenants(), [])
