from functools import partial

from odoo import api, fields, models, tools
from odoo.fields import NO_ACCESS
from odoo.tools import SQL

CONFIRMATION = "panda_provisioning.mail_activity_type_confirmation"


class PandaSystem(models.Model):
    """In which database a system was switched on: no other one calls Panda.

    A copy looks like the database that it was made of, and so does one that was moved
    to another server. Only a person knows which one it is, so both wait for *This Is
    the Production*.
    """

    _name = "panda.system"
    _inherit = ["panda.system"]

    # === FIELDS === #

    database_stamp = fields.Char(
        copy=False,
        groups=NO_ACCESS,
        help="The database this connection was switched on in.",
    )
    is_waiting_for_confirmation = fields.Boolean(
        compute="_compute_is_waiting_for_confirmation"
    )

    # === COMPUTE METHODS === #

    @api.depends("state", "active")
    def _compute_is_waiting_for_confirmation(self):
        for system in self:
            code = system._get_problem_code()
            system.is_waiting_for_confirmation = code == "system_copied"

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state", "disabled") != "disabled":
            self._stamp_database()
        return result

    # === ACTION METHODS === #

    def action_confirm_production(self):
        """Say that this database is the one that calls Panda from now on."""
        self.check_access("write")
        waiting = self.filtered("is_waiting_for_confirmation")
        waiting._stamp_database()
        for system in waiting:
            system._message_log(
                body=self.env._("This database was confirmed to be the production.")
            )
            system.activity_unlink([CONFIRMATION])
            system._notify_overview()
        waiting._trigger()
        return True  # XML-RPC knows no None

    # === BUSINESS METHODS - DATABASE === #

    def _is_own_database(self):
        """Whether this is the database in which the connection was switched on."""
        self.ensure_one()
        # Sudo: the stamp is closed to everybody.
        return self.sudo().database_stamp in (self._get_database_stamp(), False)

    def _stamp_database(self):
        # Sudo: the stamp is closed to everybody.
        self.sudo().database_stamp = self._get_database_stamp()
        self.invalidate_recordset(["is_waiting_for_confirmation", "health_message"])

    @api.model
    def _get_database_stamp(self):
        """Return what differs in every copy: Odoo gives a copy another uuid, ``createdb
        --template`` and ``pg_restore`` another name or oid, another server has another
        cluster identifier, where PostgreSQL lets us read it."""
        # Sudo: parameters are closed to everybody else.
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        [(name, oid)] = self.env.execute_query(
            SQL(
                """
                SELECT datname, oid::text FROM pg_database
                WHERE datname = current_database()
                """
            )
        )
        return "/".join((uuid or "", name, oid, self._get_cluster_identifier()))

    @api.model
    @tools.ormcache()
    def _get_cluster_identifier(self):
        function = "pg_control_system()"
        [(is_allowed,)] = self.env.execute_query(
            SQL("SELECT has_function_privilege(%s, 'EXECUTE')", function)
        )
        if not is_allowed:
            return ""
        [(identifier,)] = self.env.execute_query(
            SQL("SELECT system_identifier::text FROM pg_control_system()")
        )
        return identifier

    def _ask_for_confirmation(self):
        """Have an activity say that the system waits, without a mail: most of the time
        it is a copy, and a copy must not write to people."""
        activity = self.env.ref(CONFIRMATION, raise_if_not_found=False)
        for system in self.filtered("is_waiting_for_confirmation"):
            if activity and activity in system.activity_ids.activity_type_id:
                continue
            user = self.env["panda.service"]._get_person(system.responsible_user_id)
            told = system.with_context(lang=user.lang)
            text = told.env["panda.message"]._system_problem(told, "system_copied")
            summary = told.env._("Is this the production?")
            system._tell(
                partial(system._schedule_quietly, CONFIRMATION, summary, text, user)
            )
