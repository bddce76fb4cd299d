from odoo import api, models


class ProvisioningSystemMixin(models.AbstractModel):
    """A kind of system that contacts can be provisioned into.

    The pop-up behind *Provisioning Sync Status* lists the records of every model
    that inherits this mixin. To add a kind of system of your own, inherit it in the
    model of its connections and implement the methods below.
    """

    _name = "provisioning.system.mixin"
    _description = "Provisioning System"

    @api.model
    def _provisioning_systems(self, partner):
        """Return the records to list for ``partner``, those he can be put into.

        :param partner: a commercial entity, see ``res.partner``.
        """
        raise NotImplementedError

    def _provisioning_status(self, partner):
        """Return how ``partner`` stands in this system.

        Note: `self.ensure_one()`

        :return: ``{"status": str, "state": str, "reason": str | False, "username":
            str, "last_sync": datetime | False, "can_retry": bool, "has_details":
            bool}``; ``status`` (what happens next) and ``reason`` are for people,
            ``state`` is one of the states of ``panda.account`` and decides the colour.
        """
        raise NotImplementedError

    def _provisioning_open_options(self, partner):
        """Return the action of *Sync Options*."""
        raise NotImplementedError

    def _provisioning_retry(self, partner):
        """Try again what failed, and return an action or ``None``."""
        raise NotImplementedError

    def _provisioning_open_details(self, partner):
        """Return the action of *Details*."""
        raise NotImplementedError
