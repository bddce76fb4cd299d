from pathlib import Path
from tempfile import TemporaryDirectory

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import PandaCase, SandboxProcess

REAL = "https://api.usa.cloud.watchguard.com"
TYPED = {"access_password": "canary-password", "api_key": "canary-key"}


class AddressCase(PandaCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = new_test_user(
            cls.env, "panda-owner", groups="panda_provisioning.group_panda_address"
        )

    def go(self, **values):
        """Change the system as its owner, who enters the secrets anew."""
        system = self.system.with_user(self.owner)
        system.write({"base_url": REAL, "state": "disabled", **values})

    def open_move(self, **values):
        """Fill in *Move to Another Panda* and return it."""
        action = self.system.with_user(self.owner).action_move()
        wizards = self.env["panda.move"].with_user(self.owner)
        return wizards.with_context(**action["context"]).create(values)

    def move(self, **values):
        wizard = self.open_move(**values)
        wizard.action_confirm()
        self.env.invalidate_all()
        return wizard


@tagged("post_install", "-at_install")
class TestAddressIsLocked(AddressCase):
    """What is known of accounts is true for one place only."""

    def assert_locked(self, **values):
        for system in (self.system, self.system.with_user(self.owner)):
            with self.assertRaisesRegex(UserError, "Use Move to Another Panda"):
                system.write(values)

    def test_locked_while_an_account_has_an_id(self):
        self.make_synced_account()
        self.assertTrue(self.system.is_place_locked)
        self.assert_locked(base_url=REAL)
        self.assert_locked(root_account_id="ACC-9")
        self.system.base_url = f"{self.system.base_url}/"  # the same place

    def test_locked_while_an_outcome_is_unknown(self):
        self.make_account(state="unknown", marker_at="2026-01-01 00:00:00")
        self.assert_locked(root_account_id="ACC-9")

    def test_locked_while_a_run_has_an_account(self):
        self.make_account(state="running")
        self.assert_locked(base_url=REAL)

    def test_free_while_nothing_is_known(self):
        """Who has mistyped the address corrects it, whatever is queued."""
        self.make_account(state="queued")
        self.make_account(self.make_partner("Bob Babbage"), state="failed")
        self.go(root_account_id="ACC-9")
        self.assertEqual(self.system.base_url, REAL)

    def test_company_is_locked_once_there_are_accounts(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.manager.company_ids |= other
        self.make_account()
        with self.assertRaisesRegex(UserError, "so it stays in it"):
            self.system.company_id = other

    def test_company_rules_are_checked_on_new_values(self):
        other = self.env["res.company"].create({"name": "Other"})
        # May read every company, so that naming it is allowed, but works in one.
        self.manager.group_ids |= self.env.ref("base.group_erp_manager")
        other.with_user(self.manager).check_access("read")
        with self.assertRaisesRegex(AccessError, "Panda System"):
            self.system.with_user(self.manager).company_id = other


@tagged("post_install", "-at_install")
class TestOnePlaceOneSystem(AddressCase):
    """Two systems do not bind the same account twice."""

    def refuse(self, **values):
        values = {"name": "Twin", **self.get_connection_values(), **values}
        with (
            self.assertRaisesRegex(ValidationError, "connected to .* root account"),
            mute_logger("odoo.sql_db"),
        ):
            self.env["panda.system"].create(values)

    def test_the_same_place_is_refused(self):
        self.refuse()
        other = self.env["res.company"].create({"name": "Other"})
        self.refuse(company_id=other.id)
        self.refuse(root_account_id=f" {self.system.root_account_id.lower()} ")
        self.refuse(base_url=f"{self.system.base_url}/")
        self.refuse(base_url=self.system.base_url.upper().replace("HTTP", "http"))
        self.system.active = False
        self.refuse()

    def test_another_place_is_not(self):
        values = self.get_connection_values()
        self.env["panda.system"].create({**values, "root_account_id": "ACC-9"})
        self.env["panda.system"].create({**values, "base_url": REAL})
        self.env["panda.system"].create([{"name": "Empty"}, {"name": "Empty too"}])

    def test_a_copy_has_no_root_account(self):
        self.assertFalse(self.system.copy().root_account_id)

    def test_the_database_refuses_it_too(self):
        """What is entered at the same time is not seen by the other."""
        other = self.make_system("Other")
        self.env.flush_all()
        with (
            self.assertRaisesRegex(Exception, "_place_unique"),
            mute_logger("odoo.sql_db"),
        ):
            self.cr.execute(
                "UPDATE panda_system SET root_account_id = %s WHERE id = %s",
                [self.system.root_account_id, other.id],
            )


@tagged("post_install", "-at_install")
class TestAnotherAddressClearsSecrets(AddressCase):
    """Nobody has the write-only secrets sent to a server of their own."""

    def get_secrets(self):
        return self.system.sudo()._read_secrets()

    def test_scheme_host_or_port_clears_them(self):
        for url in (
            REAL,
            "https://127.0.0.1",
            f"{REAL}:444",
            "https://api.usa.cloud.watchguard.com.evil.example",
        ):
            with self.subTest(url):
                self.system.write(TYPED)
                self.assertEqual(self.get_secrets(), TYPED)
                self.go(base_url=url)
                self.assertEqual(self.get_secrets(), {})
                self.assertFalse(self.system.has_api_key)

    def test_another_spelling_or_path_does_not(self):
        self.go()
        self.system.write(TYPED)
        for url in (
            f"{REAL}/",
            f"{REAL}:443/api",
            REAL.upper().replace("HTTPS", "https"),
        ):
            self.go(base_url=url)
            self.assertEqual(self.get_secrets(), TYPED)

    def test_secrets_that_are_entered_with_it_are_kept(self):
        self.go(**TYPED)
        self.assertEqual(self.get_secrets(), TYPED)

    def test_a_system_that_is_on_asks_for_them(self):
        with self.assertRaisesRegex(ValidationError, "Access Password, API Key"):
            self.system.with_user(self.owner).base_url = REAL

    def test_a_system_that_is_on_asks_for_the_other_one(self):
        with self.assertRaisesRegex(ValidationError, "Fill in: API Key"):
            self.system.write({"base_url": REAL, "access_password": "x"})

    def test_the_change_is_tracked(self):
        self.cr.flush()
        old = self.system.base_url
        self.go()
        self.flush_tracking()
        values = self.system.message_ids.tracking_value_ids
        changed = [(each.old_value_char, each.new_value_char) for each in values]
        self.assertIn((old, REAL), changed)
        self.assertIn("were cleared", str(self.system.message_ids.mapped("body")))

    def flush_tracking(self):
        self.env.flush_all()
        self.cr.flush()

    def test_it_is_a_right_of_its_own(self):
        system = self.system.with_user(self.manager)
        with self.assertRaisesRegex(AccessError, "right of its own"):
            system.write({"base_url": REAL, "state": "disabled", **TYPED})
        with self.assertRaisesRegex(AccessError, "right of its own"):
            system.action_move()
        system.write({"base_url": f"{system.base_url}/", **TYPED})  # the same place
        admin = self.env.ref("base.group_system").all_implied_ids
        self.assertIn(self.env.ref("panda_provisioning.group_panda_address"), admin)


@tagged("post_install", "-at_install")
class TestMoveToAnotherPanda(AddressCase):
    """A guided way for a system whose accounts are known somewhere else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = cls.enterClassContext(TemporaryDirectory(prefix="panda-sandbox-"))
        cls.elsewhere = cls.enterClassContext(
            SandboxProcess(Path(folder) / "other.sqlite")
        )

    def switch_on(self):
        """Enter the credentials, which are the same, and switch the system on."""
        self.system.write({**self.credentials, "state": "test"})

    def setUp(self):
        super().setUp()
        self.elsewhere.control("POST", "reset")
        self.elsewhere.control("PATCH", "settings", {"pending_seconds": 0})
        values = self.get_connection_values()
        names = ("access_id", "access_password", "api_key")
        self.credentials = {name: values[name] for name in names}

    def tenants_elsewhere(self):
        tenants = self.elsewhere.control("GET", "state")["tenants"]
        return [tenant for tenant in tenants if tenant["tier"] > 1]

    def test_accounts_start_anew(self):
        account = self.make_synced_account()
        self.move(base_url=self.elsewhere.url, accounts="anew")
        self.assertEqual(self.system.state, "disabled")
        self.assertFalse(self.system.has_api_key)
        self.assertEqual((account.state, account.remote_id), ("draft", False))
        self.switch_on()
        self.run_cron()
        self.assertEqual(self.tenants_elsewhere(), [], "nobody has asked for it")
        self.synchronize_by_cron(account)
        [tenant] = self.tenants_elsewhere()
        self.assertEqual(
            (account.state, account.remote_id), ("synced", tenant["accountId"])
        )
        self.assertEqual(len(self.tenants()), 1, "the old place is left alone")

    def test_accounts_are_looked_up_there(self):
        """The same Panda at another address: nothing is created twice."""
        here, gone = self.make_synced_account(), self.make_synced_account("Bob Babbage")
        known = here.remote_id
        self.sandbox.control("DELETE", f"accounts/{gone.remote_id}")
        url = self.sandbox.url.replace("127.0.0.1", "localhost")
        self.move(base_url=url, accounts="link")
        self.assertEqual((here.state, here.chosen_remote_id), ("draft", known))
        self.switch_on()
        self.run_cron()
        self.assertEqual((here.state, here.remote_id), ("synced", known))
        self.assertEqual(gone.state, "failed", "what is not there asks a person")
        self.assertEqual([each["accountId"] for each in self.tenants()], [known])

    def test_moved_twice(self):
        """The IDs are kept as long as nobody has looked them up."""
        account = self.make_synced_account()
        known = account.remote_id
        elsewhere = self.make_account(
            self.make_partner("Bob Babbage"), state="synced", done_elsewhere="by hand"
        )
        account.create_anyway = True
        self.move(base_url=REAL, accounts="link")
        self.assertFalse(account.create_anyway, "there may be namesakes of others")
        self.assertEqual((elsewhere.state, elsewhere.done_elsewhere), ("draft", False))
        self.move(base_url=self.elsewhere.url, accounts="link")
        self.assertEqual(account.chosen_remote_id, known)

    def test_never_while_a_run_has_an_account(self):
        self.make_account(state="running")
        with self.assertRaisesRegex(UserError, "talking to Panda right now"):
            self.move(base_url=REAL, accounts="anew")

    def test_an_unknown_outcome_is_said(self):
        marker = "2026-01-01 00:00:00"
        account = self.make_account(state="unknown", marker_at=marker)
        with self.assertRaisesRegex(UserError, "not known whether .* Ada Lovelace"):
            self.move(base_url=REAL, accounts="anew")
        self.assertEqual(self.open_move().unknown_count, 1)
        self.move(base_url=REAL, accounts="anew", accept_unknown=True)
        self.assertEqual((account.state, account.marker_at), ("draft", False))

    def test_the_same_place_is_no_move(self):
        self.make_synced_account()
        with self.assertRaisesRegex(UserError, "another address or root account"):
            self.move()

    def test_the_move_is_noted(self):
        self.make_synced_account()
        old = self.system.base_url
        self.move(base_url=REAL, accounts="anew")
        notes = str(self.system.message_ids.mapped("body"))
        self.assertIn(f"at {old} to", notes)
        self.assertIn("with 1 accounts", notes)
