import re

from odoo import models

CHANNEL = re.compile(r"panda\.system_(\d{1,9})")


class IrWebsocket(models.AbstractModel):
    _inherit = "ir.websocket"

    def _build_bus_channel_list(self, channels):
        """Let people follow the systems that they ask for and may see."""
        names = [channel for channel in channels if isinstance(channel, str)]
        ids = [int(match[1]) for match in map(CHANNEL.fullmatch, names) if match]
        systems = self.env["panda.system"]
        if ids and systems.has_access("read"):
            systems = systems.search([("id", "in", ids)])
        return super()._build_bus_channel_list([*channels, *systems])
