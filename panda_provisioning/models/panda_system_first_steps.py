from odoo import models
from odoo.fields import Domain
from odoo.tools import str2bool

DISMISSED = "panda_provisioning.first_steps_dismissed"


class PandaSystem(models.Model):
    """What to do in an app in which nothing has been done yet, one after the other."""

    _inherit = "panda.system"  # pylint: disable=consider-merging-classes-inherited

    def get_first_steps(self):
        """Return what the guide on the Overview shows, nothing when all is done."""
        self.check_access("read")
        steps = self._get_first_steps()
        # Sudo: parameters are closed to everybody else.
        parameters = self.env["ir.config_parameter"].sudo()
        is_dismissed = str2bool(parameters.get_param(DISMISSED), default=False)
        # Without a system there is nothing else to show.
        may_hide = bool(self.search_count([], limit=1))
        if all(step["is_done"] for step in steps) or (may_hide and is_dismissed):
            return {"steps": []}
        may_dismiss = may_hide and self.has_access("write")
        return {"steps": steps, "may_dismiss": may_dismiss}

    def dismiss_first_steps(self):
        """Do not show the guide any more, to nobody."""
        self.check_access("write")
        # Sudo: parameters are closed to everybody else.
        self.env["ir.config_parameter"].sudo().set_param(DISMISSED, True)
        return True  # XML-RPC knows no None

    def _get_first_steps(self):
        """Return the steps: title, text, whether done, and buttons. A button is a label
        and an action, by name or in full."""
        return [
            self._get_step_connect(),
            self._get_step_bring_in(),
            self._get_step_synchronize(),
            self._get_step_orders(),
        ]

    def _get_step_connect(self):
        # An interruption does not undo it.
        has_answered = Domain("health", "in", ("healthy", "throttled"))
        has_answered |= Domain("account_ids.remote_id", "!=", False)
        connected = Domain("state", "!=", "disabled") & has_answered
        step = {
            "title": self.env._("Connect to Panda"),
            "text": self.env._(
                "Enter the five values that WatchGuard Cloud shows, press Test "
                "Connection and switch the system on."
            ),
            "is_done": bool(self.search_count(connected, limit=1)),
            "buttons": [],
        }
        if not self.has_access("create"):
            step["text"] = self.env._("A Panda administrator connects Odoo to Panda.")
            return step
        begun = self.search([], limit=1)
        step["buttons"] = [
            {
                "label": self.env._("Connect"),
                "action": {
                    "type": "ir.actions.act_window",
                    "res_model": self._name,
                    "res_id": begun.id,
                    "views": [(False, "form")],
                },
            },
            {
                "label": self.env._("Try it with the sandbox"),
                "action": "panda_provisioning.panda_sandbox_connect_action",
            },
        ]
        return step

    def _get_step_bring_in(self):
        accounts = self.env["panda.account"]
        step = {
            "title": self.env._("Bring in what there is"),
            "text": self.env._(
                "Import roles, resellers and usernames, or choose them on the "
                "contacts. What is in Panda already is linked, not created again."
            ),
            "is_done": bool(accounts.search_count([], limit=1)),
            "buttons": [],
        }
        if "base_import.import" in self.env and accounts.has_access("create"):
            step["buttons"] = [
                {
                    "label": self.env._("Import"),
                    "action": {
                        "type": "ir.actions.client",
                        "tag": "import",
                        "name": self.env._("Import Panda Accounts"),
                        "params": {"active_model": accounts._name},
                    },
                }
            ]
        return step

    def _get_step_synchronize(self):
        synced = [("state", "=", "synced")]
        return {
            "title": self.env._("Synchronize one contact"),
            "text": self.env._(
                "Open a contact, press the link beside Provisioning Sync Status, fill "
                "in Sync Options and press Save & Synchronize."
            ),
            "is_done": bool(self.env["panda.account"].search_count(synced, limit=1)),
            "buttons": [
                {
                    "label": self.env._("Contacts"),
                    "action": "contacts.action_contacts",
                }
            ],
        }

    def _get_step_orders(self):
        """Panda Provisioning: Sales says what to do once it is installed."""
        step = {
            "title": self.env._("Switch on orders"),
            "text": self.env._(
                "With Panda Provisioning: Sales, confirming an order puts the reseller "
                "and the customer into Panda."
            ),
            "is_done": False,
            "buttons": [],
        }
        if self.env.user.has_group("base.group_system"):
            step["buttons"] = [
                {
                    "label": self.env._("Install"),
                    "action": "base.open_module_tree",
                    "context": {
                        "search_default_name": "panda_provisioning_sale",
                    },
                }
            ]
        return step
