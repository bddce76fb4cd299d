from odoo import http
from odoo.http import request


class PandaHealth(http.Controller):
    """For a program that watches over Odoo."""

    @http.route("/panda/health", type="http", auth="bearer", methods=["GET"])
    def health(self):
        """Tell how the systems of the caller, a Panda user with an API key, stand.

        :return: JSON ``{"ok": bool, "systems": [{"id": int, "name": str, "state": str,
            "health": str, "problem": code or "", "message": str}]}``; the status is
            503 if one of the systems that are switched on does not work.
        """
        systems = request.env["panda.system"]
        systems.check_access("read")
        found = [
            system._get_health_report()
            for system in systems.search([("state", "!=", "disabled")])
        ]
        is_ok = not any(each["problem"] for each in found)
        return request.make_json_response(
            {"ok": is_ok, "systems": found}, status=200 if is_ok else 503
        )
