from itertools import product

from odoo.tests import tagged
from odoo.tools import SQL

from ..core.states import CHANGES, IllegalTransition, State, is_allowed
from ..engine import state_gate
from ..models.panda_account import STATES
from .common import PandaCase

GATE = "odoo.addons.panda_provisioning.engine.state_gate"
ALLOWED = [pair for pair in product(State, State) if is_allowed(*pair)]
ILLEGAL = [pair for pair in product(State, State) if not is_allowed(*pair)]


@tagged("post_install", "-at_install")
class TestStateGate(PandaCase):
    """An account gets into a state only from where it may get there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.make_account().sudo()

    def put(self, state):
        """Put the account into ``state``, past the gate."""
        self.account.write({"state": state.value})
        self.env.flush_all()

    def test_states_are_those_of_core(self):
        self.assertEqual([name for name, _label in STATES], [s.value for s in State])

    def test_a_change_of_the_table_is_made(self):
        self.assertTrue(ALLOWED)
        for source, target in ALLOWED:
            with self.subTest(source=source, target=target):
                self.put(source)
                self.account._set_state(target.value, attempt_count=3)
                self.assertEqual(self.account.state, target.value)
                self.assertEqual(self.account.attempt_count, 3)

    def test_any_other_change_raises_in_tests(self):
        self.assertTrue(ILLEGAL)
        for source, target in ILLEGAL:
            with self.subTest(source=source, target=target):
                self.put(source)
                with self.assertRaisesRegex(IllegalTransition, str(self.account.id)):
                    self.account._set_state(target.value)
                self.assertEqual(self.account.state, source.value)

    def test_any_other_change_is_logged_in_production(self):
        """What Panda has answered must not be lost for it."""
        self.put(State.SYNCED)
        self.patch(state_gate.module, "current_test", False)
        with self.assertLogs(GATE, "ERROR") as logged:
            self.account._set_state("failed")
        self.assertIn("Illegal transition", logged.output[0])
        self.assertEqual(self.account.state, "failed")

    def test_a_statement_leaves_other_states_as_they_are(self):
        where = SQL("a.id = %s", self.account.id)
        for source, target in product(State, State):
            with self.subTest(source=source, target=target):
                self.put(source)
                self.env.cr.execute(state_gate.change_state(target, where=where))
                self.account.invalidate_recordset()
                expected = target if is_allowed(source, target) else source
                self.assertEqual(self.account.state, expected.value)

    def test_every_change_is_of_some_use(self):
        for change in CHANGES:
            self.assertTrue(change.sources, change.name)
