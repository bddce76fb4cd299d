from odoo import api, fields, models

from ..core.daily_quota import DailyQuota
from ..core.pace import Pace


class PandaSystemPace(models.Model):
    """How fast requests may leave for a system, as far as its senders have learnt.

    Written by the senders, past the ORM and on connections of their own, see
    :class:`~..engine.pace_store.PaceStore`; nobody has access.
    """

    _name = "panda.system.pace"
    _description = "Pace of a Panda System"
    _log_access = False
    _rec_name = "system_id"

    # === FIELDS === #

    system_id = fields.Many2one("panda.system", ondelete="cascade")
    state = fields.Json()

    _unique_system = models.UniqueIndex("(system_id)")

    # === BUSINESS METHODS === #
    # Called by `panda.system` only.

    @api.model
    def _get(self, systems):
        """Return ``{system id: (pace, daily quota)}`` of ``systems``."""
        self.invalidate_model(["state"])  # written past the ORM
        states = {row.system_id.id: row.state or {} for row in self._find(systems)}
        return {
            system.id: (
                Pace.from_dict(states.get(system.id, {}).get("pace", {})),
                DailyQuota.from_dict(states.get(system.id, {}).get("day", {})),
            )
            for system in systems
        }

    @api.model
    def _forget(self, systems):
        """Forget what was learnt, since ``systems`` are somewhere else now."""
        self._find(systems).state = False

    def _find(self, systems):
        # Sudo: closed to everybody.
        return self.sudo().search([("system_id", "in", systems.ids)])
