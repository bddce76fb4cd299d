from pathlib import Path
from tempfile import TemporaryDirectory

from odoo.tests import new_test_user, tagged

from .common import PandaTourCase, SandboxProcess


@tagged("post_install", "-at_install")
class TestMoveTours(PandaTourCase):
    """*Move to Another Panda*, as an administrator goes about it in a browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        group = "panda_provisioning.group_panda_address"
        cls.owner = new_test_user(cls.env, "panda-owner", groups=group)

    def setUp(self):
        super().setUp()
        self.account = self.make_account()
        self.synchronize(self.account)
        self.known = self.account.remote_id
        self.assertEqual(self.account.state, "synced")

    def walk(self, name, url):
        values = self.get_connection_values()
        self.start_tour(
            f"/odoo/panda-systems/{self.system.id}",
            name,
            login=self.owner.login,
            cookies={
                "panda_elsewhere": url,
                "panda_password": values["access_password"],
                "panda_key": values["api_key"],
            },
        )
        self.env.invalidate_all()
        self.assertEqual((self.system.base_url, self.system.state), (url, "test"))
        self.get_crons().method_direct_trigger()
        self.env.invalidate_all()

    def test_link(self):
        """The same Panda under another name: each account is found again."""
        url = self.sandbox.url.replace("127.0.0.1", "localhost")
        self.walk("panda_provisioning_move_link", url)
        self.assertEqual(
            (self.account.state, self.account.remote_id), ("synced", self.known)
        )
        self.assertEqual(len(self.tenants()), 1)

    def test_start_anew(self):
        """Another Panda: nothing is known and nothing is created there by itself."""
        folder = self.enterContext(TemporaryDirectory(prefix="panda-sandbox-"))
        elsewhere = self.enterContext(SandboxProcess(Path(folder) / "other.sqlite"))
        self.walk("panda_provisioning_move_anew", elsewhere.url)
        self.assertEqual((self.account.state, self.account.remote_id), ("draft", False))
        tenants = elsewhere.control("GET", "state")["tenants"]
        self.assertEqual([each for each in tenants if each["tier"] > 1], [])
