from .common import PandaCase


class OptionsCase(PandaCase):
    """Fills in Sync Options wrongly."""

    def assert_refused(self, partner, place, text, user=None, **options):
        """Press the button and read ``text`` at the field ``place``, and nothing
        anywhere else."""
        options = {"role": "user", "username": "ada.lovelace", **options}
        accounts = self.env["panda.account"].search([])
        form, action = self.press(partner, user=user, **options)
        problems = {
            name: form[name]
            for name in form._fields
            if name.endswith("_problem") and form[name]
        }
        self.assertEqual(list(problems), [place], problems)
        self.assertIn(text, problems[place])
        self.assertGreaterEqual(form.problem_count, 1)
        self.assert_sent_nothing()
        self.assertEqual(self.env["panda.account"].search([]), accounts)
        # The browser comes back to the very same form, as it was filled in.
        self.assertEqual((action["res_model"], action["res_id"]), (form._name, form.id))
        self.assertEqual(action["target"], "new")
        typed = form._convert_to_write({name: form[name] for name in options})
        self.assertEqual(
            {name: value or False for name, value in typed.items()},
            {name: value or False for name, value in options.items()},
        )

    def assert_sent_nothing(self):
        self.assertEqual(self.count_requests(), 0)
