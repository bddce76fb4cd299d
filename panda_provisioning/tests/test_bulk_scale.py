import time

from odoo.tests import tagged

from .common import PandaCase


@tagged("post_install", "-at_install")
class TestBulkScale(PandaCase):
    def test_2000(self):
        vals = [
            {
                "name": f"Contact Nr{i}",
                "email": f"contact{i}@example.com",
                "phone": "+32 470 12 34 56",
                "country_id": self.env.ref("base.be").id,
            }
            for i in range(2000)
        ]
        partners = self.env["res.partner"].create(vals)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.committing() as env:
            t = time.time()
            action = partners.with_env(env).action_preview_panda()
            print("OPEN", time.time() - t)
            preview = env["panda.preview"].with_context(**action["context"])
            import cProfile, pstats
            pr = cProfile.Profile()
            pr.enable()
            t = time.time()
            r = preview.web_read_group([], ["heading"])
            print("GROUPS", time.time() - t, r)
            pr.disable()
            pstats.Stats(pr).sort_stats("cumulative").print_stats(45)
            env.cr.cache.clear(); env.invalidate_all()
            t = time.time()
            r = preview.web_search_read([("heading", "=", "create")], {n: {} for n in ("name", "email", "username", "role", "remark")}, limit=80)
            print("PAGE", time.time() - t, r["length"], r["records"][0])
            env.cr.cache.clear(); env.invalidate_all()
            t = time.time()
            preview.browse(partners[0].id).write({"email": "x@example.com"})
            print("WRITE", time.time() - t)
            env.cr.cache.clear(); env.invalidate_all()
            print(preview.get_totals())
            pr = cProfile.Profile()
            pr.enable()
            t = time.time()
            env.cr.cache.clear(); env.invalidate_all()
            preview.action_queue()
            env.flush_all()
            print("QUEUE", time.time() - t)
            pr.disable()
            pstats.Stats(pr).sort_stats("cumulative").print_stats(45)
