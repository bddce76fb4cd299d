import argparse
import sys
import threading
from contextlib import closing
from inspect import cleandoc

import psycopg2

from odoo import SUPERUSER_ID
from odoo.api import Environment
from odoo.cli.command import Command
from odoo.modules.db import is_initialized
from odoo.modules.registry import Registry
from odoo.sql_db import db_connect
from odoo.tools import config

ADDON = "panda_provisioning"
EPILOG = """
    Contacts are chosen with --ids or --domain; without either, all accounts that
    were prepared and never sent are.

    Results go to the standard output (for programs: --json), progress and log to the
    standard error. Works as OdooBot, like Odoo's other commands, in all companies and
    in English. Credentials are never printed.

    sync and retry may be stopped with Ctrl-C at any time: what is on its way to Panda
    is waited for, the rest stays queued for the scheduled action. Even when killed
    they create nothing twice.

    Exit status:
      0    all is well
      1    something is not synchronized, has failed or needs somebody
      2    wrong usage: options, database, a domain that cannot be read
      130  stopped with Ctrl-C

    Examples:
      $ odoo panda status -d mydb
      $ odoo panda preview -d mydb --domain "[('country_id.code', '=', 'ES')]"
      $ odoo panda sync -d mydb --ids 14 15 --json
      $ odoo panda retry -c odoo.conf --system "Panda Antivirus"
"""


class Panda(Command):
    """Synchronize contacts with Panda and see how that stands"""

    epilog = EPILOG

    def __init__(self):
        super().__init__()
        subparsers = self.parser.add_subparsers(dest="subcommand", required=True)
        for name, text, has_selection in (
            ("status", "Show systems, their health and how many accounts stand how", 0),
            ("preview", "Show what sync would do, without sending or writing", 1),
            ("sync", "Synchronize contacts now and wait for the result", 1),
            ("retry", "Try again now what has failed or waits for its next try", 1),
            ("test-connection", "Try the connection and say which value is wrong", 0),
        ):
            parser = subparsers.add_parser(
                name,
                help=text,
                description=f"{text}.",
                epilog=cleandoc(EPILOG),
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            self._add_common_options(parser)
            if has_selection:
                self._add_selection(parser)

    def _add_common_options(self, parser):
        parser.add_argument("-c", "--config", help="use a specific configuration file")
        parser.add_argument(
            "-d",
            "--database",
            dest="db_name",
            help="database name, connection details will be taken from the config file",
        )
        parser.add_argument(
            "--system", help="name or id of one Panda system (default: all)"
        )
        parser.add_argument(
            "--json", action="store_true", help="print the result as JSON"
        )

    def _add_selection(self, parser):
        chosen = parser.add_mutually_exclusive_group()
        chosen.add_argument(
            "--ids", nargs="+", type=int, metavar="ID", help="ids of contacts"
        )
        chosen.add_argument("--domain", help="contacts that match a search domain")

    def run(self, cmdargs):
        args = self.parser.parse_args(args=cmdargs)
        # What a program reads, or a bar on a terminal, is not to be mixed with a log.
        options = ["--no-http", "--log-level=warn"]
        if args.config:
            options += ["-c", args.config]
        if args.db_name:
            options += ["-d", args.db_name]
        config.parse_config(options, setup_logging=True)
        names = config["db_name"]
        if len(names) != 1:
            self.parser.error("name a single database with -d or in the config file")
        self._check_database(names[0])
        sys.exit(self._run_on_database(names[0], args))

    def _check_database(self, name):
        """Refuse a database that has no Panda before anything is loaded."""
        try:
            with db_connect(name).cursor() as cr:
                if not is_initialized(cr):
                    self.parser.error(f"{name} is no database of Odoo")
                cr.execute(
                    "SELECT state FROM ir_module_module WHERE name = %s", [ADDON]
                )
                if cr.fetchone() != ("installed",):
                    self.parser.error(
                        f"Panda Provisioning is not installed in {name}; install it "
                        f"with: odoo module install -d {name} {ADDON}"
                    )
        except psycopg2.OperationalError as error:
            self.parser.error(f"cannot open the database {name}: {error}".strip())

    def _run_on_database(self, name, args):
        threading.current_thread().dbname = name
        # Closed, not committed: only panda.service commits, and preview must not.
        with closing(Registry(name).cursor()) as cr:
            # This file is loaded as odoo.cli.panda, apart from its addon.
            from odoo.addons.panda_provisioning import console

            env = Environment(cr, SUPERUSER_ID, {})
            companies = env["res.company"].search([])
            context = {"allowed_company_ids": companies.ids}
            try:
                return console.run(env(context=context), args)
            except console.UsageError as error:
                self.parser.error(str(error))
