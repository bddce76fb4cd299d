import logging
import os
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from cryptography.fernet import Fernet

from odoo.exceptions import UserError, ValidationError
from odoo.tests import HttpCase, tagged
from odoo.tools import config

from ..core.connection_check import check_connection
from .common import PASSWORDS, PandaCase, PandaMixin

TYPED = {"access_password": "canary-password", "api_key": "canary-key"}


@tagged("post_install", "-at_install")
class TestSecretsAtRest(PandaCase):
    """Secrets are encrypted where the server has a key, or stand there only."""

    def use_keys(self, *keys):
        """Have the server know these keys, newest first."""
        self.use_environment(PANDA_ENCRYPTION_KEYS=",".join(keys))

    def use_environment(self, **variables):
        self.env.invalidate_all()
        patcher = patch.dict(os.environ, variables)
        patcher.start()
        self.addCleanup(patcher.stop)

    def use_file(self, text):
        folder = self.enterContext(TemporaryDirectory())
        path = Path(folder) / "odoo.conf"
        path.write_text(text)
        self.enterContext(patch.dict(config.options, {"config": str(path)}))
        self.env.invalidate_all()

    def get_stored(self):
        self.env.flush_all()
        self.cr.execute(
            "SELECT name, value FROM panda_system_secret WHERE system_id = %s",
            [self.system.id],
        )
        return dict(self.cr.fetchall())

    def get_secrets(self):
        return self.system.sudo()._read_secrets()

    def test_encrypted_with_the_key_of_the_server(self):
        self.use_keys(Fernet.generate_key().decode())
        self.system.write(TYPED)
        for value in self.get_stored().values():
            self.assertTrue(value.startswith("fernet:"))
            self.assertNotIn("canary", value)
        self.assertEqual(self.get_secrets(), TYPED)

    def test_key_in_the_configuration_file(self):
        key = Fernet.generate_key().decode()
        self.use_file(f"[options]\n[panda_provisioning]\nencryption_keys = {key}\n")
        self.system.write(TYPED)
        self.assertNotIn("canary", str(self.get_stored()))
        self.assertEqual(self.get_secrets(), TYPED)

    def test_lost_key(self):
        """Everybody is told; nothing is sent and nothing is lost."""
        key = Fernet.generate_key().decode()
        self.use_keys(key)
        self.system.write(TYPED)
        before, requests = self.get_stored(), self.count_requests()
        self.use_keys(Fernet.generate_key().decode())
        self.assertTrue(self.system.has_unreadable_secrets)
        self.assertEqual(self.system._get_problem_code(), "secrets_unreadable")
        self.assertIn("cannot be decrypted", self.system.health_message)
        with self.assertRaisesRegex(UserError, "cannot be decrypted"):
            self.system._open_transport()
        account = self.make_account()
        account.action_synchronize()
        self.run_cron()
        self.assertEqual(self.count_requests(), requests)
        self.assertEqual(self.get_stored(), before)
        self.use_keys(key)
        self.assertFalse(self.system.has_unreadable_secrets)
        self.assertEqual(self.get_secrets(), TYPED)

    def test_key_that_is_none(self):
        self.use_keys("no-key")
        with self.assertRaisesRegex(UserError, "cannot be decrypted") as refused:
            self.system.write(TYPED)
        self.assertNotIn("canary", str(refused.exception))

    def test_new_key(self):
        """With the old key behind the new one, what is stored follows by itself."""
        old, new = (Fernet.generate_key().decode() for _key in range(2))
        self.use_keys(old)
        self.system.write(TYPED)
        self.use_keys(new, old)
        self.assertEqual(self.get_secrets(), TYPED)
        self.env["panda.system.secret"]._gc_older_keys()
        self.use_keys(new)
        self.assertEqual(self.get_secrets(), TYPED)

    def test_first_key(self):
        """What was stored before there was a key is encrypted, too."""
        self.system.write(TYPED)
        self.assertIn("canary-key", self.get_stored().values())
        self.use_keys(Fernet.generate_key().decode())
        self.assertEqual(self.get_secrets(), TYPED)
        self.env["panda.system.secret"]._gc_older_keys()
        self.assertNotIn("canary", str(self.get_stored()))

    def test_secrets_in_the_environment(self):
        """They go first, and the database needs none."""
        right = self.get_connection_values()
        self.system.write(TYPED)
        self.use_environment(
            PANDA_API_ADDRESS=right["base_url"],
            PANDA_ROOT_ACCOUNT_ID=right["root_account_id"],
            PANDA_ACCESS_PASSWORD=right["access_password"],
            PANDA_API_KEY=right["api_key"],
        )
        with self.system._open_transport() as transport:
            finding = check_connection(transport, right["root_account_id"])
        self.assertTrue(finding.is_connected, finding)

    def test_secrets_in_the_configuration_file(self):
        """For the address beside them only: nobody has them sent elsewhere."""
        right = self.get_connection_values()
        self.env["panda.system.secret"]._forget(self.system)
        self.use_file(
            "[panda_provisioning:main]\n"
            f"api_address = {right['base_url']}\n"
            f"root_account_id = {right['root_account_id']}\n"
            "access_password = canary-password\napi_key = canary-key\n"
        )
        self.assertTrue(self.system.has_api_key)
        self.assertEqual(self.get_secrets(), TYPED)
        self.system.write({"state": "disabled", "base_url": "https://evil.example.com"})
        self.assertEqual(self.get_secrets(), {})
        self.assertFalse(self.system.has_api_key)


@tagged("post_install", "-at_install")
class TestRefusedOverRpc(PandaMixin, HttpCase):
    """What the database refuses quotes no secret, in the answer or in the log."""

    def write_over_rpc(self, **values):
        """Write as the browser does and return the answer and the log."""
        self.authenticate(self.manager.login, self.manager.login)
        arguments = {
            "model": "panda.system",
            "method": "write",
            "args": [self.system.ids, values],
            "kwargs": {},
        }
        with self.listening() as logged:
            response = self.url_open(
                "/web/dataset/call_kw/panda.system/write", json={"params": arguments}
            )
        return response.text, logged.getvalue()

    @contextmanager
    def listening(self):
        """Gather all that is logged, instead of logging it."""
        logged, root = StringIO(), logging.getLogger()
        outputs, root.handlers = root.handlers, [logging.StreamHandler(logged)]
        try:
            yield logged
        finally:
            root.handlers = outputs

    def assert_no_secret(self, *texts):
        secrets = {*TYPED.values(), *self.system.sudo()._read_secrets().values()}
        self.assertGreaterEqual(len(secrets), 4)
        for text in texts:
            for secret in (*secrets, *PASSWORDS.values()):
                self.assertNotIn(secret, text)

    def test_a_failing_constraint_quotes_no_secret(self):
        """Whatever rule it is: this one is not ours, and nothing checks it before."""
        self.env.flush_all()
        self.cr.execute("ALTER TABLE panda_system ADD CHECK (sequence != 666)")
        answer, log = self.write_over_rpc(sequence=666, **TYPED)
        self.assertIn("Failing row contains", log)
        self.assert_no_secret(answer, log)

    def test_a_missing_value_quotes_no_secret(self):
        self.env.flush_all()
        self.cr.execute("ALTER TABLE panda_system ALTER access_id SET NOT NULL")
        answer, log = self.write_over_rpc(access_id=False, state="disabled", **TYPED)
        self.assertIn("Failing row contains", log)
        self.assert_no_secret(answer, log)

    def test_our_own_rules_are_said_in_words(self):
        """They are checked before the database sees the value."""
        for name, value, words in (
            ("max_connections", 0, "Max Connections must be between 1 and 128"),
            ("max_connections", 2**40, "Max Connections must be between 1 and 128"),
            ("request_timeout", 121, "Request Timeout must be between 1 and 120"),
            ("search_delay", -1, "Search Delay must be between 0 and"),
            ("activation_timeout", 0, "Activation Timeout must be between 1 and"),
            ("requests_per_second", -1, "Requests Per Second must be between 0 and"),
            ("requests_per_day", -1, "Requests Per Day must be between 0 and"),
            ("name", False, "Fill in: Name"),
            ("base_url", False, "right of its own"),
            ("company_id", False, "Fill in: Company"),
        ):
            with self.subTest(name, value=value):
                answer, log = self.write_over_rpc(**{name: value}, **TYPED)
                self.assertIn(words, answer)
                self.assertNotIn("Failing row", answer + log)
                self.assertNotIn("bad query", log)
                self.assert_no_secret(answer, log)
        with self.assertRaisesRegex(ValidationError, "Requests Per Second must be"):
            self.system.requests_per_second = float("nan")  # JSON knows none
