import json
import time
from itertools import pairwise

from odoo.tests import Form, tagged

from ..core.daily_quota import DAY
from ..core.pace import Pace
from .common import PandaCase, PandaTourCase

MINUTE = 60


@tagged("post_install", "-at_install")
class TestOverviewPace(PandaCase):
    """What the Overview and the form say of the pace that senders have learnt."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system.requests_per_second = 64

    def read_pace(self):
        system = self.system.with_user(self.user)
        system.invalidate_recordset()
        return system.overview["pace"]

    def read_form(self, user=None):
        """Return the form as it is opened."""
        self.env.invalidate_all()
        view = "panda_provisioning.panda_system_view_form"
        return Form(self.system.with_user(user or self.manager), view)

    # === SLOWED DOWN === #

    def test_a_rate_that_has_fallen(self):
        self.set_pace({"accepted": 900, "refused": 3}, learnt=18.0)
        slowed = self.read_pace()["slowed"]
        self.assertEqual(slowed, {"rate": 18, "most": 64, "refused": 3})
        self.system.requests_per_second = 0
        slowed = self.read_pace()["slowed"]
        self.assertEqual(slowed, {"rate": 18, "most": 0, "refused": 3})

    def test_a_wall(self):
        """Nothing is accepted, and no rate known yet."""
        self.set_pace({"refused": 3}, wall_since=time.time() - 40, wall_refused=True)
        slowed = self.read_pace()["slowed"]
        self.assertAlmostEqual(slowed["rate"], 0.1, delta=0.01)

    def test_it_is_no_trouble(self):
        self.system.health = "healthy"
        self.set_pace({"refused": 3}, learnt=18.0)
        self.env.invalidate_all()
        self.assertEqual(self.system.health, "healthy")
        self.assertFalse(self.system.health_message)

    def test_what_does_not_slow_down(self):
        now = time.time()
        for reason, counts, values in (
            ("nothing is known", {"accepted": 900}, {}),
            ("nothing was refused lately", {"accepted": 900}, {"learnt": 18.0}),
            ("nobody sends", {"refused": 3}, {"learnt": 18.0, "wanted_at": now - 20}),
            ("it has recovered", {"refused": 3}, {"learnt": 18.0, "used_for": 9.0}),
            ("our own limit is lower", {"refused": 3}, {"learnt": 65.0}),
        ):
            with self.subTest(reason):
                self.set_pace(counts, **values)
                self.assertFalse(self.read_pace()["slowed"])

    def test_refusals_of_some_minutes_ago_still_count(self):
        for minutes, is_slowed in ((2, True), (5, False)):
            self.set_pace({}, learnt=18.0)
            row = self.env["panda.system.pace"].sudo().search([])
            pace = Pace.from_dict(row.state["pace"])
            pace.minutes["refused"].add(time.time() - minutes * MINUTE)
            row.state = {"pace": pace.as_dict()}
            slowed = self.read_pace()["slowed"]
            self.assertEqual(bool(slowed), is_slowed, minutes)
            if is_slowed:
                self.assertEqual(slowed["refused"], 0, "none in the last minute")

    def test_a_run_tells_it(self):
        """Together with how far it is: no message more."""
        self.set_pace({"refused": 3}, learnt=18.0)
        self.system._notify_progress({"done": 1})
        self.env.cr.precommit.run()
        sent = self.env["bus.bus"].search([], order="id desc", limit=1)
        progress = json.loads(sent.message)["payload"]["progress"]
        self.assertEqual(progress["done"], 1)
        self.assertEqual(progress["pace"], self.read_pace())

    # === DAILY LIMIT === #

    def test_requests_of_today(self):
        self.assertFalse(self.read_pace()["today"])
        self.system.requests_per_day = 10_000
        self.assertEqual(self.read_pace()["today"], {"sent": 0, "most": 10_000})
        today = int(time.time() // DAY)
        self.set_pace({}, {"day": today, "sent": 1250})
        self.assertEqual(self.read_pace()["today"], {"sent": 1250, "most": 10_000})
        self.set_pace({}, {"day": today - 1, "sent": 1250})
        self.assertEqual(self.read_pace()["today"], {"sent": 0, "most": 10_000})

    def pause(self, code):
        self.user.tz = "UTC"
        self.system.write(
            {
                "health": "throttled",
                "health_code": code,
                "health_since": "2030-01-02 10:00:00",
                "next_probe_at": "2030-01-03 00:00:00",
            }
        )
        system = self.system.with_user(self.user)
        system.invalidate_recordset()
        return system.health_message

    def test_a_day_that_is_used_up(self):
        message = self.pause("daily_limit")
        self.assertRegex(
            message,
            "^Paused since 01/02/2030.*: the requests that Odoo may send in a day are "
            "used up. Odoo goes on by itself at 01/03/2030",
        )

    def test_a_pause_that_panda_asked_for(self):
        message = self.pause("throttled")
        self.assertRegex(
            message,
            "^Paused since 01/02/2030.*: Panda asked for it. Next try: 01/03/2030",
        )
        health = dict(self.system._fields["health"]._description_selection(self.env))
        self.assertEqual(health["throttled"], "Paused")

    # === FORM === #

    def test_learnt_pace(self):
        now = time.time()
        for learnt, text in ((None, "No limit met"), (18.0, "18 requests/s")):
            self.set_pace({}, learnt=learnt, looked_at=now)
            self.assertEqual(self.read_form().learnt_pace, text)
        self.set_pace({}, learnt=2.5, looked_at=now, wall_since=now - 900)
        self.assertEqual(self.read_form().learnt_pace, "2.5 requests/s")
        self.set_pace({}, learnt=18.0, looked_at=now - DAY)
        self.assertEqual(self.read_form().learnt_pace, "No limit met", "it fades")

    def test_who_sees_the_learnt_pace(self):
        self.assertNotIn("learnt_pace", self.read_form(self.user)._view["fields"])
        self.assertIn("learnt_pace", self.read_form()._view["fields"])

    def test_limits_are_on_the_form(self):
        with self.read_form() as form:
            form.requests_per_second = 20
            form.requests_per_day = 5000
        self.assertEqual(self.system.requests_per_day, 5000)
        self.assertEqual(self.system.requests_per_second, 20)

    # === GRAPH === #

    def test_graph_of_the_last_hour(self):
        pace = Pace()
        now = time.time()
        pace.minutes["accepted"].add(now, 50)
        pace.minutes["accepted"].add(now - 10 * MINUTE, 40)
        pace.minutes["refused"].add(now, 2)
        pace.minutes["failed"].add(now - 10 * MINUTE, 1)
        pace.minutes["accepted"].add(now - 61 * MINUTE, 99)
        bars = json.loads(self.system._get_pace_graph(pace, now))
        keys = [each["key"] for each in bars]
        self.assertEqual(keys, ["Accepted", "Refused", "Failed"])
        accepted, refused, failed = (
            [each["value"] for each in bar["values"]] for bar in bars
        )
        self.assertEqual(accepted, [0] * 49 + [40] + [0] * 9 + [50])
        self.assertEqual(refused, [0] * 59 + [2])
        self.assertEqual(failed, [0] * 49 + [1] + [0] * 10)
        labels = [each["label"] for each in bars[0]["values"]]
        self.assertEqual(labels[-1], now // MINUTE * MINUTE)
        self.assertEqual({b - a for a, b in pairwise(labels)}, {MINUTE})

    def test_no_graph_without_requests(self):
        self.assertFalse(self.read_form().pace_graph)
        pace = Pace()
        pace.minutes["accepted"].add(time.time() - 61 * MINUTE, 99)
        self.assertFalse(self.system._get_pace_graph(pace, time.time()))
        pace.minutes["accepted"].add(time.time(), 1)
        self.assertTrue(self.system._get_pace_graph(pace, time.time()))


@tagged("post_install", "-at_install")
class TestPaceTour(PandaTourCase):
    """The same in a real browser, in words."""

    def test_card_and_form(self):
        self.system.write({"requests_per_day": 10_000, "health": "healthy"})
        today = {"day": int(time.time() // DAY), "sent": 1250}
        self.set_pace({"refused": 3}, today, learnt=2.55)
        self.start_tour("/odoo/panda", "panda_provisioning_pace", login="panda-manager")
        self.set_pace({"accepted": 9000, "refused": 3}, at=time.time())
        self.start_tour(
            f"/odoo/panda-systems/{self.system.id}",
            "panda_provisioning_pace_form",
            login="panda-manager",
        )
