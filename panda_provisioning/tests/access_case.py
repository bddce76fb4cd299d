"""Finds whatever can be reached from outside, and tries it as everybody."""

import inspect
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.http import _generate_routing_rules
from odoo.models import MAGIC_COLUMNS
from odoo.service.model import call_kw
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from . import access_matrix as matrix

FORGED = "WGC-1-forged"
HOSTILE = {"default_state": "synced", "default_remote_id": FORGED}
"""A context as a client may send it."""
NOT_OURS = {*MAGIC_COLUMNS, "display_name"}


# === WHAT THERE IS === #


def get_public_methods(registry, addons):
    """Return ``{(model, method)}`` of what ``addons`` let clients call."""
    prefixes = tuple(f"odoo.addons.{addon}." for addon in addons)
    return {
        (name, method)
        for name, model in registry.items()
        for cls in model.mro()
        if cls.__module__.startswith(prefixes)
        for method, function in vars(cls).items()
        if inspect.isfunction(function) and _is_public(model, method)
    }


def _is_public(model, method):
    return not method.startswith("_") and not any(
        getattr(vars(cls).get(method), "_api_private", False) for cls in model.mro()
    )


def get_own_fields(registry, addons):
    """Return ``{(model, field)}`` of the fields that ``addons`` have defined."""
    return {
        (name, field.name)
        for name, model in registry.items()
        if not model._abstract
        for field in model._fields.values()
        if field._module in addons
        and not field.inherited
        and field.name not in NOT_OURS
    }


def get_wizards(registry, addons):
    """Return the names of the wizards of ``addons``."""
    return {
        name
        for name, model in registry.items()
        if model._transient and model._original_module in addons
    }


def get_routes(addons):
    """Return the addresses of the routes of ``addons``."""
    return {url for url, _endpoint in _generate_routing_rules(addons, nodb_only=False)}


class AccessMatrixMixin:
    """Every role, a record of every model, and the tables of all addons."""

    allow_inherited_tests_method = True
    ADDONS = ["panda_provisioning"]
    TABLES = [matrix]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        other = cls.env["res.company"].create({"name": "Other"})
        foreign = new_test_user(
            cls.env,
            "foreign-manager",
            groups="panda_provisioning.group_panda_address,base.group_partner_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        groups = "base.group_user,base.group_partner_manager"
        cls.roles = {
            "anonymous": cls.env.ref("base.public_user"),
            "portal": new_test_user(cls.env, "portal-customer", "base.group_portal"),
            "employee": new_test_user(cls.env, "some-employee", groups),
            "user": cls.user,
            "manager": cls.manager,
            "owner": new_test_user(
                cls.env,
                "panda-owner",
                groups="panda_provisioning.group_panda_address,"
                "base.group_partner_manager",
            ),
            "foreign": foreign,
        }
        cls.partner = cls.make_partner(company_id=cls.env.company.id)
        cls.spare = cls.make_partner("Bob Babbage", company_id=cls.env.company.id)
        cls.account = cls.make_account(cls.partner)
        cls.log = cls.env["panda.sync.log"].create(
            {
                "system_id": cls.system.id,
                "account_id": cls.account.id,
                "date": "2026-01-01",
            }
        )
        cls.context = {
            "panda_system_id": cls.system.id,
            "panda_partner_ids": cls.partner.ids,
        }
        cls.records = {
            role: cls.make_records(cls.roles[role])
            for role in ("user", "manager", "owner")
        }

    @classmethod
    def make_records(cls, user):
        """Return ``{model: a record of it}``, wizards as ``user`` has opened them."""
        wizards = cls.env(user=user)
        account = cls.account.id
        link = wizards["panda.link"].create({"account_id": account})
        popup = wizards["provisioning.systems"].create({"partner_id": cls.partner.id})
        options = {"partner_id": cls.partner.id, "system_id": cls.system.id}
        done = {"account_id": account, "reason": "By hand"}
        line = {
            "popup_id": popup.id,
            "res_model": "panda.system",
            "res_id": cls.system.id,
        }
        paces = cls.env["panda.system.pace"]
        pace = paces.search([]) or paces.create({"system_id": cls.system.id})
        made = [
            *(cls.partner, cls.account, cls.system, cls.log, link, popup),
            wizards["panda.link.line"].create({"link_id": link.id}),
            wizards["panda.mark.done"].create(done),
            wizards["panda.preview"].browse(cls.partner.ids),
            wizards["panda.sync.options"].create(options),
            wizards["provisioning.systems.line"].create(line),
            (wizards if user != cls.user else cls.env(user=cls.manager))[
                "panda.sandbox.connect"
            ].create({}),
            cls.env["panda.move"]
            .with_user(cls.roles["owner"])
            .create({"system_id": cls.system.id, "root_account_id": "ACC-9"}),
            pace,
            cls.env["panda.system.secret"].search(
                [("system_id", "=", cls.system.id)], limit=1
            ),
            # There is no record of it; what could be called is called with an id.
            cls.env["panda.guard.mixin"].browse(1),
        ]
        return {records._name: records for records in made}

    # === TABLES === #

    def get_methods(self):
        """Return ``{(model, method): roles that may call it}``."""
        return {
            (model, method): roles.split()
            for table in self.TABLES
            for model, rows in table.METHODS.items()
            for method, roles in rows.items()
        }

    def get_fields(self):
        """Return ``{(model, field): (who may read, who may write)}``; the latter is
        ``None`` where there is nothing to write to."""
        return {
            (model, name): (
                readers.split(),
                None if writers == matrix.COMPUTED else writers.split(),
            )
            for table in self.TABLES
            for model, rows in table.FIELDS.items()
            for (readers, writers), names in rows.items()
            for name in names.split()
        }

    def get_arguments(self, model, method, records):
        """Return what ``method`` is called with."""
        given = dict(matrix.DEFAULT_ARGUMENTS.get(method, {}))
        for table in self.TABLES:
            given = table.ARGUMENTS.get((model, method), given)
        named = {
            "$partner": self.partner.id,
            "$spare": self.spare.id,
            "$system": self.system.id,
            "$account": self.account.id,
            "$link": records["panda.link"].id,
            "$popup": records["provisioning.systems"].id,
        }

        def fill_in(value):
            if isinstance(value, dict):
                return {key: fill_in(each) for key, each in value.items()}
            if isinstance(value, list):
                return [fill_in(each) for each in value]
            return named.get(value, value) if isinstance(value, str) else value

        return fill_in(given)

    def get_records(self, role, model, field=None):
        """Return the record of ``model`` on which ``role`` tries it."""
        if role == "portal" and model == "res.partner" and field:
            return self.roles["portal"].partner_id  # every other one is closed
        return self.records.get(role, self.records["user"])[model]

    @contextmanager
    def undone(self):
        """Take back whatever is done meanwhile, also by requests."""
        savepoint = self.env.cr.savepoint()
        try:
            yield
        finally:
            savepoint.rollback()
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def is_of_model(self, model, method):
        """Whether ``method`` is called without a record."""
        return hasattr(getattr(self.env[model], method), "_api_model")


class InProcessMixin(AccessMatrixMixin):
    """The tables are complete, and they hold for every role in every context."""

    # === CALLS === #

    def call(self, role, model, method, context):
        """Call ``method`` as a client of ``role`` does, and undo all of it.

        :return: the exception, or ``None``
        """
        records = self.records.get(role, self.records["user"])
        kwargs = self.get_arguments(model, method, records)
        ids = [] if self.is_of_model(model, method) else [records[model].ids]
        try:
            with self.undone(), self.committing(self.roles[role]) as env:
                kwargs["context"] = {**self.context, **context}
                call_kw(env[model], method, ids, kwargs)
                forged = [("remote_id", "=", FORGED)]
                self.assertFalse(env["panda.account"].sudo().search(forged))
        except self.failureException:
            raise
        except Exception as error:  # noqa: BLE001
            return error
        return None

    def check_method(self, model, method, allowed):
        """Everybody who may call it is let in, nobody else, whatever the context."""
        everything = self.env["res.company"].search([]).ids
        contexts = [{}, {**HOSTILE, "allowed_company_ids": everything}]
        for role in self.roles:
            for context in contexts if role not in allowed else [{}, HOSTILE]:
                with self.subTest(f"{model}.{method}", role=role, context=context):
                    error = self.call(role, model, method, context)
                    if role in allowed:
                        self.assertNotIsInstance(error, (AccessError, TypeError))
                    else:
                        self.assertIsInstance(error, AccessError)

    # === FIELDS === #

    def check_reading(self, model, name, readers):
        for role, user in self.roles.items():
            records = self.get_records(role, model, name).with_user(user)
            self.env.invalidate_all()  # what others have read is no longer at hand
            with self.subTest(f"read {model}.{name}", role=role):
                try:
                    [row] = records.with_context(**self.context).read([name])
                except AccessError:
                    self.assertNotIn(role, readers)
                else:
                    self.assertIn(role, readers)
                    if role in matrix.HIDDEN.get((model, name), "").split():
                        self.assertFalse(row[name])

    def check_writing(self, model, name, writers):
        field = self.env[model]._fields[name]
        if writers is None:
            self.assertFalse(field.store or field.inverse, f"{model}.{name}")
            return
        for role, user in self.roles.items():
            records = self.get_records(role, model).with_user(user)
            with self.subTest(f"write {model}.{name}", role=role):
                is_refused = self.is_writing_refused(records, name)
                self.assertEqual(is_refused, role not in writers)

    def is_writing_refused(self, records, name):
        nothing = [] if records._fields[name].type.endswith("2many") else False
        try:
            with self.undone():
                records.with_context(**self.context).write({name: nothing})
                records.flush_recordset()
        except AccessError:
            return True
        except Exception:  # noqa: BLE001
            return False  # let in, and told that this value is none
        return False

    # === TESTS === #

    def test_everything_has_a_row(self):
        """Nothing new goes without a decision on who may."""
        found = get_public_methods(self.registry, self.ADDONS)
        self.assertEqual(found, self.get_methods().keys())
        found = get_own_fields(self.registry, self.ADDONS)
        self.assertEqual(found, self.get_fields().keys())
        rows = {model for table in self.TABLES for model in table.METHODS}
        self.assertLessEqual(get_wizards(self.registry, self.ADDONS), rows)
        routes = {url for table in self.TABLES for url in table.ROUTES}
        self.assertEqual(get_routes(self.ADDONS), routes)
        roles = {role for allowed in self.get_methods().values() for role in allowed}
        self.assertLessEqual(roles, self.roles.keys())

    def test_methods(self):
        with mute_logger("odoo.sql_db"):
            for (model, method), allowed in self.get_methods().items():
                self.check_method(model, method, allowed)

    def test_fields(self):
        with mute_logger("odoo.sql_db"):
            for (model, name), (readers, writers) in self.get_fields().items():
                self.check_reading(model, name, readers)
                self.check_writing(model, name, writers)


class OverHttpMixin(AccessMatrixMixin):
    """Every method is called by its name once, through both doors."""

    def call_jsonrpc(self, role, model, method):
        """Call ``method`` as the browser does and return the name of the error."""
        records = self.records.get(role, self.records["user"])
        kwargs = self.get_arguments(model, method, records)
        response = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            json={
                "params": {
                    "model": model,
                    "method": method,
                    "args": []
                    if self.is_of_model(model, method)
                    else [records[model].ids],
                    "kwargs": {**kwargs, "context": {**self.context, **HOSTILE}},
                }
            },
        )
        return response.json().get("error", {}).get("data", {}).get("name", "")

    def call_json2(self, key, model, method):
        """Call ``method`` as a program does and return the status."""
        records = self.records["user"]
        body = self.get_arguments(model, method, records)
        if not self.is_of_model(model, method):
            body["ids"] = records[model].ids
        response = self.url_open(
            f"/json/2/{model}/{method}",
            json={**body, "context": {**self.context, **HOSTILE}},
            headers={"Authorization": f"bearer {key}"} if key else {},
        )
        return response.status_code

    def get_key(self, role):
        keys = self.env["res.users.apikeys"].with_user(self.roles[role]).sudo()
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        return keys._generate("rpc", "of a test", tomorrow)

    def check_each(self, role, call, refusals):
        """Call every method and compare the answers.

        :param call: called with model and method, returns an answer.
        :param refusals: the answers that refuse it.
        """
        for (model, method), allowed in self.get_methods().items():
            with self.subTest(f"{model}.{method}", role=role), self.undone():
                answer = call(model, method)
                self.assertEqual(answer in refusals, role not in allowed, answer)

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_json_rpc(self):
        for role in ("portal", "employee", "foreign", "user"):
            self.authenticate(self.roles[role].login, self.roles[role].login)
            call = partial(self.call_jsonrpc, role)
            self.check_each(role, call, {"odoo.exceptions.AccessError"})

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_json_2(self):
        for role in ("portal", "employee", "foreign"):
            self.check_each(role, partial(self.call_json2, self.get_key(role)), {403})

    @mute_logger("odoo.http")
    def test_without_session_and_key(self):
        """Not even what Odoo leaves open to everybody who has signed in."""
        self.authenticate(None, None)
        for model, method in self.get_methods():
            with self.subTest(f"{model}.{method}"):
                error = self.call_jsonrpc("anonymous", model, method)
                self.assertEqual(error, "odoo.http.SessionExpiredException")
                self.assertEqual(self.call_json2(None, model, method), 401)
