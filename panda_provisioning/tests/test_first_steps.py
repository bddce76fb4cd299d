from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PandaCase, PandaTourCase

CONNECT, BRING_IN, SYNCHRONIZE, ORDERS = range(4)


@tagged("post_install", "-at_install")
class TestFirstSteps(PandaCase):
    """What the Overview says to do in an app in which nothing has been done."""

    def get_steps(self, user=None):
        systems = self.env["panda.system"].with_user(user or self.manager)
        return systems.get_first_steps()["steps"]

    def get_done(self):
        return [
            position
            for position, step in enumerate(self.get_steps())
            if step["is_done"]
        ]

    def get_labels(self, step):
        return [button["label"] for button in step["buttons"]]

    def test_steps_are_ticked_one_after_the_other(self):
        self.assertEqual(self.get_done(), [])
        self.system.health = "healthy"
        self.assertEqual(self.get_done(), [CONNECT])
        account = self.make_account()
        self.assertEqual(self.get_done(), [CONNECT, BRING_IN])
        self.synchronize(account)
        self.assertEqual(self.get_done()[:3], [CONNECT, BRING_IN, SYNCHRONIZE])

    def test_a_system_that_is_switched_off_or_does_not_answer_is_not_connected(self):
        for values in ({"state": "disabled"}, {"health": "quarantined"}):
            self.system.write({"state": "test", "health": "healthy", **values})
            self.assertEqual(self.get_done(), [], values)

    def test_an_interruption_does_not_lead_back_to_the_first_step(self):
        self.system.health = "quarantined"
        self.make_account(remote_id="WGC-1-0")
        self.assertEqual(self.get_done()[:2], [CONNECT, BRING_IN])

    def test_every_button_opens_something(self):
        steps = self.get_steps(self.env.ref("base.user_admin"))
        self.assertEqual(len(steps), 4)
        for step in steps:
            self.assertTrue(step["buttons"], step["title"])
            for button in step["buttons"]:
                action = button["action"]
                if isinstance(action, str):
                    action = self.env["ir.actions.actions"]._for_xml_id(action)
                self.assertIn(
                    action["type"], ("ir.actions.act_window", "ir.actions.client")
                )

    def test_connect_opens_what_was_begun(self):
        connect = self.get_steps()[CONNECT]["buttons"][0]
        self.assertEqual(connect["action"]["res_id"], self.system.id)
        self.system.unlink()
        connect = self.get_steps()[CONNECT]["buttons"][0]
        self.assertFalse(connect["action"]["res_id"])

    def test_users_are_not_led_where_they_may_not_go(self):
        steps = self.get_steps(self.user)
        self.assertEqual(steps[CONNECT]["buttons"], [])
        self.assertIn("administrator", steps[CONNECT]["text"])
        self.assertEqual(steps[ORDERS]["buttons"], [])
        steps = self.get_steps(self.env.ref("base.user_admin"))
        self.assertEqual(len(steps[CONNECT]["buttons"]), 2)
        self.assertEqual(self.get_labels(steps[ORDERS]), ["Install"])

    def test_dismissed(self):
        systems = self.env["panda.system"]
        self.assertFalse(systems.with_user(self.user).get_first_steps()["may_dismiss"])
        with self.assertRaises(AccessError):
            systems.with_user(self.user).dismiss_first_steps()
        self.assertTrue(
            systems.with_user(self.manager).get_first_steps()["may_dismiss"]
        )
        systems.with_user(self.manager).dismiss_first_steps()
        self.assertEqual(self.get_steps(), [])
        self.assertEqual(self.get_steps(self.user), [])
        self.system.unlink()
        self.assertTrue(self.get_steps(), "an empty page would help nobody")

    # === SANDBOX === #

    def connect(self, url, user=None):
        """Type in an address and press Connect."""
        with self.committing(user or self.manager) as env:
            choice = env["panda.sandbox.connect"].create({"url": url})
            return choice.action_connect()

    def test_sandbox_is_connected_in_test_mode(self):
        self.system.unlink()
        action = self.connect(f"{self.sandbox.url}/docs")
        self.assertEqual(action["params"]["title"], "Connection works")
        system = self.env["panda.system"].search([])
        self.assertEqual((system.state, system.health), ("test", "healthy"))
        self.assertEqual(system.base_url, self.sandbox.url)
        self.connect(self.sandbox.url)
        self.assertEqual(self.env["panda.system"].search([]), system, "once is enough")

    def test_no_sandbox_answers(self):
        with self.assertRaisesRegex(UserError, "Start one with: .*panda_sandbox"):
            self.connect("http://127.0.0.1:9")

    def test_only_this_machine_is_asked(self):
        for url in ("http://example.com", "https://127.0.0.1", "file:///etc/passwd"):
            with self.assertRaisesRegex(UserError, "on the machine of Odoo"):
                self.connect(url)

    def test_only_administrators_connect(self):
        with self.assertRaises(AccessError):
            self.connect(self.sandbox.url, self.user)
        self.assertEqual(self.count_requests(), 0)


@tagged("post_install", "-at_install")
class TestFirstRunTour(PandaTourCase):
    """From an empty app to the first contact in Panda, in a real browser."""

    @mute_logger("odoo.http")  # the first address is wrong
    def test_first_run(self):
        self.system.unlink()
        partner = self.make_partner()
        self.start_tour(
            "/odoo/panda",
            "panda_provisioning_first_run",
            login=self.manager.login,
            cookies={"panda_sandbox": self.sandbox.url},
        )
        account = partner.panda_account_ids
        self.assertEqual(account.state, "synced")
        self.assertEqual(len(self.tenants()), 1)
