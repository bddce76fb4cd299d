import json
from contextlib import contextmanager

from odoo.tests import tagged

from .common import PASSWORDS, PandaCase

STAGES = ["data", "reseller", "find", "account", "operator", "activation"]


@tagged("post_install", "-at_install")
class TestTimeline(PandaCase):
    """The details of one account: what was done, step by step."""

    def follow(self, account, user=None):
        """Return ``{stage: what is shown of it}``."""
        account.invalidate_recordset()
        timeline = account.with_user(user or self.user).timeline
        return {stage["name"]: stage for stage in timeline}

    def statuses(self, account):
        return [stage["status"] for stage in self.follow(account).values()]

    def test_what_went_well(self):
        """Every step with its time, how long Panda took, and what was said."""
        account = self.make_account()
        account.action_synchronize()
        self.run_cron()
        timeline = self.follow(account)
        self.assertEqual(list(timeline), STAGES)
        self.assertEqual(self.statuses(account), ["done"] * 6)
        self.assertIn(account.remote_id, timeline["account"]["text"])
        self.assertIn("ada@example.com", timeline["activation"]["text"])
        for name in ("find", "account", "operator"):
            self.assertTrue(timeline[name]["time"], name)
            self.assertRegex(timeline[name]["duration"], r"^[\d.]+ (ms|s)$")
        [request] = timeline["account"]["requests"]
        self.assertTrue(request["request"].startswith("POST /rest/platform/accounts"))
        self.assertEqual(json.loads(request["sent"])["name"], "Ada Lovelace")
        self.assertIn(account.remote_id, request["received"])
        self.assertEqual(
            [each["label"] for each in timeline["operator"]["requests"][:2]],
            ["Create operator", "Await activation"],
        )

    def test_no_secret_is_shown(self):
        account = self.make_account()
        account.action_synchronize()
        self.run_cron()
        shown = json.dumps(self.follow(account))
        self.assertIn("Ada Lovelace", shown)
        secrets = self.system.sudo()._read_secrets()
        for secret in (*secrets.values(), *PASSWORDS.values()):
            self.assertNotIn(secret, shown)

    def test_what_failed(self):
        """Reason, vendor's words and the button that mends it, where it happened."""
        account = self.make_account()
        words = "Username ada is already taken"
        self.fault("transaction_failed", method="POST", message=words)
        account.action_synchronize()
        self.run_cron()
        self.assertEqual(self.statuses(account), ["done"] * 4 + ["failed", "todo"])
        stage = self.follow(account)["operator"]
        self.assertIn("given this username to somebody else", stage["reasons"][0])
        self.assertEqual(stage["detail"], words)
        self.assertEqual(stage["buttons"][0]["name"], "action_open_options")
        self.assertTrue(stage["time"])
        self.assertIn(words, stage["requests"][1]["received"])

    def test_who_did_not_answer_is_not_quoted(self):
        """Nor is what was sent said to be still to come."""
        self.system.search_delay = 600
        account = self.make_account()
        self.fault("lost_answer", method="POST", lag_seconds=600)
        account.action_synchronize()
        self.run_cron()
        account.write({"error_code": "unreachable", "error_detail": "NameError"})
        timeline = self.follow(account)
        self.assertIn("cannot be reached", timeline["find"]["reasons"][0])
        self.assertEqual(timeline["find"]["detail"], "")
        self.assertEqual(timeline["account"]["status_label"], "Tried")
        self.assertEqual(timeline["operator"]["status_label"], "To come")

    def test_long_history(self):
        """The latest requests, and where the others are."""
        account = self.make_account()
        account.action_synchronize()
        self.run_cron()
        label = self.follow(account)["operator"]["requests_label"]
        self.assertEqual(label, "What was sent and answered (2)")
        entry = account.log_ids.filtered(lambda log: log.method == "POST")[0]
        latest = max(account.log_ids.mapped("date"))
        self.env["panda.sync.log"].create(
            [{**entry.copy_data()[0], "date": latest} for _copy in range(100)]
        )
        timeline = self.follow(account)
        self.assertEqual(len(timeline["operator"]["requests"]), 60)
        self.assertIn("lately (60)", timeline["operator"]["requests_label"])

    def test_refusal_is_shown_where_it_happened(self):
        """And not where Odoo is going to look next."""
        account = self.make_account()
        self.fault("server_error", method="POST", path="*/accounts/*", status=400)
        account.action_synchronize()
        self.run_cron()
        self.assertEqual(account.step, "find_account")
        timeline = self.follow(account)
        self.assertEqual(timeline["find"]["status"], "done")
        self.assertEqual(timeline["account"]["status"], "failed")

    def test_all_that_is_wrong_with_the_data_is_named_at_once(self):
        partner = self.make_partner(email=False, phone=False)
        account = self.make_account(partner, username="ada")
        account.action_synchronize()
        self.run_cron()
        self.assertEqual(self.statuses(account), ["failed"] + ["todo"] * 5)
        stage = self.follow(account)["data"]
        self.assertEqual(len(stage["reasons"]), 3, stage["reasons"])
        self.assertFalse(stage["requests"])
        self.assertEqual(self.count_requests(), 0)

    def test_mended_data_leads_on(self):
        partner = self.make_partner(email=False)
        account = self.make_account(partner)
        account.action_synchronize()
        self.run_cron()
        partner.with_user(self.user).email = "ada@example.com"
        self.run_cron()
        self.assertEqual(self.statuses(account), ["done"] * 6)

    def test_waiting_says_for_whom_and_why(self):
        reseller = self.make_partner("Rita Reseller", email=False)
        parent = self.make_account(reseller, role="reseller", username="rita.r")
        customer = self.make_account(
            self.make_partner("Carl Customer"), parent_id=parent.id
        )
        (parent + customer).action_synchronize()
        self.run_cron()
        self.assertEqual(customer.state, "waiting")
        stage = self.follow(customer)["reseller"]
        self.assertEqual(stage["status"], "waiting")
        self.assertIn("Waits for Rita Reseller – Failed: ", stage["text"])
        self.assertIn("no e-mail address", stage["text"])
        [button, _done] = stage["buttons"]
        action = getattr(customer.with_user(self.user), button["name"])()
        self.assertEqual(
            (action["res_model"], action["res_id"]), (parent._name, parent.id)
        )

    def test_refused_change_leaves_what_was_done_done(self):
        account = self.make_account()
        account.action_synchronize()
        self.run_cron()
        self.fault("transaction_failed", method="PATCH", message="No.", times=1)
        account.partner_id.name = "Ada King"
        self.run_cron()
        timeline = self.follow(account)
        self.assertEqual(list(timeline), [*STAGES, "changes"])
        self.assertEqual(self.statuses(account), ["done"] * 6 + ["failed"])
        account.with_user(self.user).action_retry()
        self.run_cron()
        self.assertEqual(self.statuses(account), ["done"] * 7)

    def test_one_look_at_the_log(self):
        """Opening the form reads the log once; the list does not read it at all."""
        accounts = self.env["panda.account"]
        for number in range(3):
            accounts |= self.make_account(self.make_partner(f"Person{number} Test"))
        accounts.action_synchronize()
        self.run_cron()
        arch = accounts.get_view(view_type="list")["arch"]
        self.assertNotIn('name="timeline"', arch)
        accounts.invalidate_recordset()
        self.env.flush_all()
        queries = []
        with contextmanager(self._patchExecute)(queries):
            accounts[0].with_user(self.user).web_read({"timeline": {}})
        log = [query for query in queries if 'FROM "panda_sync_log"' in query]
        self.assertEqual(len(log), 1, log)
