from collections import defaultdict

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Command

OURS = "panda_provisioning"
"""With what the names of our addons begin."""
WITH_VALUES = (Command.CREATE, Command.UPDATE)


class PandaGuardMixin(models.AbstractModel):
    """Holds clients to what they may set: no field of the engine, and no record in a
    field of ours that they may not read.

    The one place of both rules, for values, for defaults (which clients send in the
    context, or keep with *Set Defaults*) and for forms that were not saved yet. Much
    is computed as superuser from the records that are named here.
    """

    _name = "panda.guard.mixin"
    _description = "Guard against Values of Clients"

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        """Take no default of an engine field but the field's own."""
        if self._original_module.startswith(OURS):
            self.check_access("create")
        closed = self._get_engine_fields()
        defaults = super().default_get([name for name in fields if name not in closed])
        for name in closed.intersection(fields):
            if self._fields[name].default:
                defaults[name] = self._fields[name].default(self)
        self._check_links(defaults)
        return defaults

    @api.model_create_multi
    def create(self, vals_list):
        self._check_values(*vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_values(vals)
        return super().write(vals)

    def onchange(self, values, field_names, fields_spec):
        self._check_links(values)
        return super().onchange(values, field_names, fields_spec)

    # === BUSINESS METHODS === #

    @api.model
    def _get_engine_fields(self):
        """Return the names of the fields that only superuser code sets."""
        return set()

    @api.model
    def _is_checked_link(self, field):
        """Whether whoever names a record in ``field`` must be able to read it."""
        return (field._module or "").startswith(OURS)

    @api.model
    def _check_values(self, *vals_list):
        """Refuse what a client may not set, e.g. over RPC.

        :raise AccessError: if the environment is not that of superuser code.
        """
        if self.env.su:
            return
        closed = self._get_engine_fields() & set().union(*vals_list)
        if closed:
            raise AccessError(
                self.env._(
                    "These fields are set by the synchronization only: %s.",
                    ", ".join(sorted(closed)),
                )
            )
        self._check_links(*vals_list)

    @api.model
    def _check_links(self, *vals_list):
        """Refuse records in ``vals_list`` that the user may not read.

        :raise AccessError: if the environment is not that of superuser code.
        """
        if self.env.su:
            return
        named = defaultdict(set)
        for vals in vals_list:
            self._collect_links(vals, named)
        for model, ids in named.items():
            self.env[model].browse(ids).check_access("read")

    def _collect_links(self, vals, named):
        """Add to ``named``, ``{model: ids}``, the records in ``vals`` and its lines."""
        for name in self._fields.keys() & vals.keys():
            field, value = self._fields[name], vals[name]
            if not value:
                continue
            if field.type == "many2one" and self._is_checked_link(field):
                record_id = field.convert_to_cache(value, self, validate=False)
                records = self.env[field.comodel_name].browse(record_id)
                named[field.comodel_name].update(records._origin.ids)
            elif field.type in ("one2many", "many2many"):
                self._collect_links_of_lines(field, value, named)

    def _collect_links_of_lines(self, field, commands, named):
        lines = self.env[field.comodel_name]
        if not isinstance(lines, self.env.registry[PandaGuardMixin._name]):
            return
        for command in commands:
            if isinstance(command, (list, tuple)) and command[0] in WITH_VALUES:
                lines._collect_links(command[2], named)
