import time
from collections import Counter
from functools import partial

from odoo.tests import tagged

from .bulk_common import BulkCase

MANY = 2000


@tagged("post_install", "-at_install")
class TestBulkScale(BulkCase):
    """Two thousand contacts at once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        values = {
            "phone": "+32 470 12 34 56",
            "country_id": cls.env.ref("base.be").id,
        }
        cls.partners = cls.env["res.partner"].create(
            [
                {"name": f"Number {i}", "email": f"number{i}@example.com", **values}
                for i in range(MANY)
            ]
        )

    def setUp(self):
        super().setUp()
        self.env.flush_all()
        self.env.invalidate_all()

    def test_preview_and_queue(self):
        """Seconds to the list, and seconds to the queue, in processor time: other
        programs on the machine do not count."""
        started = time.process_time()
        with self.committing() as env:
            action = self.partners.with_env(env).action_preview_panda()
        preview = self.env["panda.preview"].with_context(**action["context"])
        preview = preview.with_user(self.user)
        groups = preview.web_read_group([], ["heading"])["groups"]
        took = time.process_time() - started
        self.assertEqual([group["__count"] for group in groups], [MANY])
        self.assertLess(took, 3, "the preview takes too long")
        started = time.process_time()
        preview.action_queue()
        self.env.flush_all()
        took = time.process_time() - started
        states = Counter(self.partners.panda_account_ids.mapped("state"))
        self.assertEqual(states, {"queued": MANY})
        self.assertLess(took, 5, "queueing takes too long")

    def test_all_have_problems(self):
        """Where all are wrong it is no slower: only what is on the screen is put in
        words."""
        self.partners.phone = False
        self.env.flush_all()
        started = time.process_time()
        with self.committing() as env:
            action = self.partners.with_env(env).action_preview_panda()
        preview = self.env["panda.preview"].with_context(**action["context"])
        preview = preview.with_user(self.user)
        [group] = preview.web_read_group([], ["heading"])["groups"]
        page = preview.web_search_read([], {"remark": {}}, limit=80)["records"]
        took = time.process_time() - started
        self.assertEqual((group["heading"], group["__count"]), ("phone_missing", MANY))
        self.assertIn("no phone number", page[-1]["remark"])
        self.assertLess(took, 3, "the preview takes too long")

    def test_queries_do_not_grow(self):
        """Two thousand contacts cost hardly more queries than two hundred."""
        few, many = (
            self.count_queries(partial(self.preview_all, self.partners[:count]))
            for count in (200, MANY)
        )
        self.assertGreater(few, 0)
        self.assertLess(many, few + 30)

    def preview_all(self, partners):
        """Preview ``partners``, none of whom has a problem."""
        preview, rows = self.preview(partners)
        self.assertEqual(len(rows), len(partners))
        self.assertEqual(preview.get_totals()["queued"], len(partners))

    def test_linked(self):
        """As many that Panda has already, asked for with few requests at a time."""
        known = self.partners[:30]
        for partner in known:
            self.plant(partner)
        before = self.count_requests("method=GET")
        preview, rows = self.preview(self.partners)
        asked = self.count_requests("method=GET") - before
        # One listing, which ends with a page that brings nothing new, and of each
        # account its e-mail address and its operators.
        self.assertEqual(asked, 2 + 2 * len(known))
        outcomes = {partner: row.outcome for partner, row in rows.items()}
        self.assertEqual({outcomes[partner] for partner in known}, {"link"})
        self.assertEqual(preview.get_totals()["outcomes"]["link"], len(known))
