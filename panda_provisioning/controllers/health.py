from odoo import http
from odoo.http import request

from ..core.metrics import CONTENT_TYPE, as_text


class PandaHealth(http.Controller):
    """For a program that watches over Odoo."""

    @http.route("/panda/health", type="http", auth="bearer", methods=["GET"])
    def health(self):
        """Tell how the systems of the caller, a Panda user with an API key, stand.

        :return: JSON ``{"ok": bool, "systems": reports}``, see
            `panda.system._get_health_reports`; the status is 503 if one of the systems
            that are switched on does not work.
        """
        systems = self._get_reports()
        is_ok = not any(each["problem"] for each in systems)
        return request.make_json_response(
            {"ok": is_ok, "systems": systems}, status=200 if is_ok else 503
        )

    @http.route("/panda/metrics", type="http", auth="bearer", methods=["GET"])
    def metrics(self):
        """Tell the same to Prometheus, in its text format."""
        return request.make_response(
            as_text(self._get_reports()),
            headers={"Content-Type": CONTENT_TYPE},
        )

    def _get_reports(self):
        systems = request.env["panda.system"]
        systems.check_access("read")
        return systems.search([("state", "!=", "disabled")])._get_health_reports()
