import io
import json
from argparse import Namespace
from contextlib import redirect_stderr, redirect_stdout

from odoo import SUPERUSER_ID
from odoo.tests import tagged

from .. import console
from .common import PandaCase


@tagged("post_install", "-at_install")
class TestConsole(PandaCase):
    """What `odoo panda` prints. How it runs as a program: tests/command_line."""

    def run_command(self, subcommand, **options):
        """Return the exit status, the result and what else is told."""
        given = {"ids": None, "domain": None, "system": None, "json": False, **options}
        result, told = io.StringIO(), io.StringIO()
        user = self.env["res.users"].browse(SUPERUSER_ID)
        with (
            self.committing(user) as env,
            redirect_stdout(result),
            redirect_stderr(told),
        ):
            status = console.run(env, Namespace(subcommand=subcommand, **given))
        return status, result.getvalue(), told.getvalue()

    def test_options_that_name_nothing(self):
        for options, text in (
            ({"domain": "[('name', '='"}, "cannot be used"),
            ({"domain": "[('nothing', '=', 1)]"}, "cannot be used"),
            ({"ids": [2**30]}, f"there are no contacts {2**30}"),
            ({"ids": [1], "system": "Nothing"}, "there is no system Nothing"),
        ):
            with (
                self.subTest(**options),
                self.assertRaisesRegex(console.UsageError, text),
            ):
                self.run_command("preview", **options)

    def test_a_system_by_name_or_id(self):
        other = self.system.copy({"name": "Other"})
        for name, system in (("Other", other), (str(self.system.id), self.system)):
            _status, result, _told = self.run_command("status", system=name, json=True)
            [found] = json.loads(result)["systems"]
            self.assertEqual(found["id"], system.id)

    def test_status_needs_somebody_when_an_account_has_failed(self):
        account = self.make_account()
        status, result, _told = self.run_command("status", system=self.system.name)
        self.assertEqual(status, console.ExitStatus.ALL_WELL)
        self.assertRegex(result, r"(?m)^Not Synchronized +1$")
        account.sudo().write({"state": "failed", "error_code": "username_taken"})
        status, result, _told = self.run_command("status", system=self.system.name)
        self.assertEqual(status, console.ExitStatus.NOT_WELL)
        self.assertRegex(result, r"(?m)^Failed +1$")

    def test_status_says_when_the_next_try_is(self):
        account = self.make_account().sudo()
        account.write({"state": "retry", "next_attempt_at": "2030-01-02 03:04:05"})
        _status, result, _told = self.run_command("status", system=self.system.name)
        self.assertIn("2030-01-02 03:04:05 UTC", result)

    def test_preview_for_people(self):
        ready = self.make_partner()
        faulty = self.make_partner("Bob Nophone", phone=False)
        ids = [ready.id, faulty.id]
        status, result, _told = self.run_command("preview", ids=ids)
        self.assertEqual(status, console.ExitStatus.NOT_WELL)
        self.assertIn("Ready: will be created", result)
        self.assertIn("No readable phone number", result)
        self.assertIn("1 would be sent, with 5 calls; 1 have problems", result)
        self.assertFalse(self.env["panda.account"].search([("partner_id", "in", ids)]))

    def test_without_a_selection_it_is_what_was_never_sent(self):
        self.env["panda.account"].search([("state", "=", "draft")]).unlink()
        account = self.make_account()
        status, result, told = self.run_command("sync")
        self.assertEqual(status, console.ExitStatus.ALL_WELL)
        self.assertEqual(result, "1 of 1 are synchronized.\n")
        self.assertIn("1 of 1, 100 %", told)
        self.assertEqual(account.state, "synced")

    def test_a_reseller_goes_first_and_along(self):
        reseller = self.make_partner("Rita Reseller")
        customer = self.make_partner("Carl Customer", panda_reseller_id=reseller.id)
        status, result, _told = self.run_command("sync", ids=[customer.id], json=True)
        self.assertEqual(status, console.ExitStatus.ALL_WELL)
        self.assertEqual(json.loads(result)["synchronized"], 2)
        self.assertEqual(
            [tenant["name"] for tenant in self.tenants()],
            ["Rita Reseller", "Carl Customer"],
        )

    def test_words_of_others_do_not_steer_the_terminal(self):
        """Nor look like lines of ours: neither of Panda, nor of contacts or systems."""
        steering = "\x1b[2J\x9b1A\u202e\r\n1 of 1 are synchronized."
        account = self.make_account(self.make_partner(f"Ada {steering}"))
        account.sudo().write(
            {"state": "failed", "error_code": "rejected", "error_detail": steering}
        )
        self.system.sudo().name = f"Panda {steering}"
        lines = 0
        for command, options in (
            ("status", {}),
            ("preview", {"ids": account.partner_id.ids}),
            ("retry", {"ids": account.partner_id.ids}),
            ("test-connection", {"system": str(self.system.id)}),
        ):
            for as_json in (False, True):
                with self.subTest(command, json=as_json):
                    _status, *texts = self.run_command(command, json=as_json, **options)
                    for text in texts:
                        lines += text.count("\\u202e")
                        self.assertNotRegex(
                            text, r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]"
                        )
                        self.assertNotRegex(text, r"(?m)^1 of 1 are synchronized")
        self.assertGreater(lines, 6, "it was not printed at all")
        with self.assertRaises(console.UsageError) as raised:
            self.run_command("status", system="nothing")
        self.assertNotIn("\x1b", str(raised.exception))

    def test_a_disabled_system_is_said(self):
        self.system.state = "disabled"
        account = self.make_account()
        status, _result, told = self.run_command("sync", ids=account.partner_id.ids)
        self.assertEqual(status, console.ExitStatus.NOT_WELL)
        self.assertIn("There is no Panda system for", told)
