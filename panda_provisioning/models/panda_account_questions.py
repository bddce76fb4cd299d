from odoo import models
from odoo.exceptions import UserError

from ..engine.journal import Journal
from ..engine.window import Finished
from ..panda_api.client import PandaClient
from ..panda_api.directory import name_key, same_name
from ..panda_api.errors import PandaError
from ..panda_api.steps import Role, Step

SHOWN_CANDIDATES = 20
LONGEST_ANSWER = 10
"""Seconds that somebody who looks on waits for one answer."""


class PandaAccount(models.Model):
    """What people ask Panda about an account; nothing is changed there."""

    _inherit = "panda.account"  # pylint: disable=consider-merging-classes-inherited

    def action_check_operator(self):
        """Read the operator from Panda and say how he stands."""
        self.ensure_one()
        self.check_access("read")
        if not self.remote_id or not self.username:
            raise UserError(
                self.env._(
                    "%s is not in Panda yet, so there is no operator to check.",
                    self.display_name,
                )
            )
        remote_id = self.remote_id
        operators = self._ask(
            Step.FIND_OPERATOR, lambda client: client.list_operators(remote_id)
        )
        found = [o for o in operators if o.username.lower() == self.username.lower()]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if found else "warning",
                "sticky": True,
                "message": self._describe_found(found, operators),
                # The form shows what was asked.
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _describe_found(self, found, operators):
        if not found:
            return self.env._(
                "Panda has no operator %(username)s in %(id)s. It has: %(others)s. Add "
                "the missing one in WatchGuard Cloud.",
                username=self.username,
                id=self.remote_id,
                others=", ".join(o.username for o in operators) or self.env._("nobody"),
            )
        [operator] = found
        mfa = self.env._("on") if operator.mfa else self.env._("off")
        return self.env._(
            "The operator %(username)s exists in Panda, with the e-mail address "
            "%(email)s; multi-factor authentication is %(mfa)s. Panda does not tell "
            "whether anybody has signed in with it yet.",
            username=operator.username,
            email=operator.email,
            mfa=mfa,
        )

    def _get_candidates(self):
        """Return ``[{"remote_id", "name", "email", "username"}]``: what this account
        may be in Panda, or who may be its operator when it is known.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self.remote_id:
            remote_id, name = self.remote_id, self.partner_id.name
            return self._ask(
                Step.FIND_OPERATOR,
                lambda client: _operators_of(client, remote_id, name),
            )
        name = (self.marker_at and self.sent_name) or self.partner_id.name or ""
        account_type = Role(self.role or Role.USER).account_type
        parent_id = self.parent_id.remote_id or self.system_id.root_account_id
        return self._ask(
            Step.FIND_ACCOUNT,
            lambda client: _namesakes_of(client, parent_id, name, account_type),
        )

    def _ask(self, step, ask):
        """Return what ``ask``, called with a client, has learnt, and log it.

        Commits, as no transaction is open while a request is on the wire.

        :param step: under which the requests are logged.
        """
        system, exchanges = self.system_id, []
        stop = self.env["panda.message"]._explain_stop(system)
        if stop:
            raise UserError(stop)
        transport = system._open_transport(longest=LONGEST_ANSWER)
        self.env["panda.service"]._commit()
        answer = error = None
        with transport:
            try:
                answer = ask(PandaClient(transport, exchanges.append))
            except PandaError as met:
                error = met
        # Sudo: nobody writes the log but the engine.
        journal = Journal(self.sudo().env, system, attended=True)
        journal.record_exchanges([Finished(self, step, None, exchanges)])
        self.env["panda.service"]._commit()
        if error:
            raise UserError(self.env["panda.message"]._refusal(self, error)) from error
        return answer


def _operators_of(client, remote_id, name):
    return [
        {
            "remote_id": remote_id,
            "name": name,
            "email": operator.email,
            "username": operator.username,
        }
        for operator in client.list_operators(remote_id)
    ]


def _namesakes_of(client, parent_id, name, account_type):
    """Accounts of that name below a parent, with those who may sign in."""
    candidates = []
    children = client.list_children(parent_id, name=name_key(name))
    fitting = [
        child
        for child in children
        if same_name(child.name, name) and child.type in (account_type, 0)
    ]
    for child in fitting[:SHOWN_CANDIDATES]:
        usernames = [o.username for o in client.list_operators(child.id)]
        candidates.append(
            {
                "remote_id": child.id,
                "name": child.name,
                "email": client.get_account(child.id).email,
                "username": ", ".join(usernames),
            }
        )
    return candidates
