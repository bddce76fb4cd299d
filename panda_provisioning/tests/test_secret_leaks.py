import json
import logging
import traceback
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from threading import Thread
from unittest.mock import patch

from urllib3 import PoolManager

from odoo.exceptions import UserError
from odoo.http import serialize_exception
from odoo.tests import tagged

from ..core.connection_check import check_connection
from ..panda_api.client import PandaClient
from ..panda_api.errors import PandaError
from .common import PASSWORDS, PandaCase

WRONG = "canary-that-panda-refuses"
QUIET = ("odoo.sql_db",)
"""Odoo's log of every statement: whoever turns it on sees what is being stored."""

FAILURES = {
    "a refused password": ({"access_password": WRONG}, {}),
    "a refused API key": ({"api_key": WRONG}, {}),
    "an API key with letters of no header": ({"api_key": f"{WRONG}–ключ"}, {}),
    "an API key with a line feed": ({"api_key": f"{WRONG}\nkey"}, {}),
    "a password with a line feed": ({"access_password": f"{WRONG}\nword"}, {}),
    "an address that does not answer": ({"base_url": "http://127.0.0.1:9"}, {}),
    "an error of the server": ({}, {"kind": "server_error"}),
    "an error page": ({}, {"kind": "server_error", "body": "html"}),
    "a lost answer": ({}, {"kind": "lost_answer", "method": "POST"}),
    "an answer that breaks off": ({}, {"kind": "truncated"}),
    "a token that expires": ({}, {"kind": "expire_token", "times": 2}),
    "throttling": ({}, {"kind": "throttled", "retry_after": 900}),
}
"""What is wrong with the connection, and how Panda misbehaves."""


class Echo(BaseHTTPRequestHandler):
    """Something that is not Panda and answers with what it was sent."""

    status = 200

    def do_POST(self):
        if self.path == "/oauth/token" and self.status != 401:
            self.answer(200, {"access_token": "echoed-token", "expires_in": 3600})
        else:
            self.answer(self.status, {"message": str(self.headers)})

    def do_GET(self):
        self.do_POST()

    def answer(self, status, body):
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "900")  # which is not waited for
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *args):
        """Keep quiet: this is not what is tested."""


@contextmanager
def echo_server():
    """Run :class:`Echo` and yield its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@tagged("post_install", "-at_install")
class TestSecrets(PandaCase):
    """Password, API key and tokens are seen by Panda and by nobody else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.right = cls.get_connection_values()
        cls.canaries = {WRONG, cls.right["access_password"], cls.right["api_key"]}

        cls.enterClassContext(patch.object(PoolManager, "urlopen", cls.learn()))

    @classmethod
    def learn(cls):
        """Return the method that sends requests and learns what the wire carries:
        tokens, and the password in base64."""
        send = PoolManager.urlopen

        def urlopen(manager, *target, headers, **options):
            cls.canaries.add(headers["Authorization"].partition(" ")[2])
            return send(manager, *target, headers=headers, **options)

        return urlopen

    def assert_clean(self, text):
        """No secret that was ever set or sent is in ``text``."""
        text = str(text)
        for canary in filter(None, self.canaries):
            self.assertNotIn(canary, text)

    @contextmanager
    def listening(self):
        """Gather all that is logged, at the finest level, with tracebacks."""
        text = StringIO()
        handler = logging.StreamHandler(text)
        loggers = [logging.getLogger()] + [
            logger
            for name, logger in logging.Logger.manager.loggerDict.items()
            if isinstance(logger, logging.Logger) and name not in QUIET
        ]
        handler.addFilter(lambda record: record.name not in QUIET)
        levels = [(logger, logger.level) for logger in loggers]
        outputs = logging.getLogger().handlers[:]
        logging.getLogger().handlers = [handler]
        for logger in loggers:
            logger.setLevel(logging.DEBUG)
        try:
            yield text
        finally:
            logging.getLogger().handlers = outputs
            for logger, level in levels:
                logger.setLevel(level)

    def get_traces(self, partner):
        """All that Odoo keeps and shows of ``partner`` and of the system."""
        self.env.flush_all()
        account = self.get_account(partner)
        records = (account, self.system, account.log_ids)
        return [
            *(each.with_user(self.manager).read() for each in records),
            partner.message_ids.mapped("body"),
            self.system.message_ids.mapped("body"),
            self.system.message_ids.tracking_value_ids.read(),
            self.env["mail.activity"].search([]).mapped("note"),
        ]

    def get_stored(self):
        """All rows that a run writes, as PostgreSQL has them."""
        self.env.flush_all()
        for table in ("panda_account", "panda_sync_log", "mail_message", "ir_logging"):
            self.cr.execute(f"SELECT * FROM {table}")
            yield self.cr.fetchall()

    # === WIRE === #

    def test_canaries_are_right(self):
        """What the test looks for is what goes over the wire."""
        before = set(self.canaries)
        self.press(self.make_partner(), role="user", username="ada.lovelace")
        learnt = self.canaries - before
        self.assertEqual(len(learnt), 2, "a password in base64, and a token")
        self.assertIn(PASSWORDS[self.right["access_id"]], self.canaries)

    def test_success(self):
        """A synchronisation that works leaves no secret anywhere."""
        partner = self.make_partner()
        with self.listening() as logged:
            _form, action = self.press(partner, role="user", username="ada.lovelace")
            with self.committing(self.manager) as env:
                tested = self.system.with_env(env).action_test_connection()
        self.assertEqual(self.get_account(partner).state, "synced")
        self.assertIn('"POST /oauth/token', logged.getvalue(), "of urllib3")
        for text in (logged.getvalue(), action, tested, *self.get_traces(partner)):
            self.assert_clean(text)
        for rows in self.get_stored():
            self.assert_clean(rows)
        self.assertIn("Ada", str(list(self.get_stored())))

    def test_failures(self):
        """Nor does one that fails, in whatever way, by button or by cron."""
        for number, (name, (values, fault)) in enumerate(FAILURES.items()):
            with self.subTest(name):
                self.prepare(values, fault)
                partner = self.make_partner(email=f"ada.l{number}@example.com")
                with self.listening() as logged:
                    _form, action = self.press(
                        partner, role="user", username=f"ada.l{number}"
                    )
                    account = self.get_account(partner)
                    # What is wrong with the connection is met; a fault strikes, which
                    # the base class checks.
                    self.assertTrue(fault or account.error_code)
                    self.make_due(account)
                    self.system.next_probe_at = False
                    self.run_cron()
                    with self.committing(self.manager) as env:
                        tested = self.try_connection(env)
                for text in (logged.getvalue(), action, tested):
                    self.assert_clean(text)
                for text in (*self.get_traces(partner), *self.get_stored()):
                    self.assert_clean(text)

    def prepare(self, values, fault):
        """Set up the system and Panda for one of :data:`FAILURES`."""
        self.reset_panda()
        self.system.write({**self.right, **values})
        self.system.write({"health": "unknown", "next_probe_at": False})
        if fault:
            self.fault(**fault)

    def try_connection(self, env):
        """Return what the browser gets for *Test Connection*, refusals included."""
        try:
            return self.system.with_env(env).action_test_connection()
        except UserError as error:
            return serialize_exception(error)

    def test_tracebacks(self):
        """An exception of the client tells nothing, nor do those it came from."""
        for name, (values, fault) in FAILURES.items():
            with self.subTest(name):
                self.prepare(values, fault)
                with self.system._open_transport() as transport:
                    try:
                        transport.authenticate()
                        transport.request("POST", "/rest/nowhere", payload={})
                    except PandaError as error:
                        self.assert_clean("".join(traceback.format_exception(error)))
                        self.assert_clean(serialize_exception(error))
                        self.assert_clean((repr(error), error.__dict__))
                    else:
                        self.fail("the request went through")

    def test_echo(self):
        """Nor is there a trace if the other side repeats all that it was sent."""
        with echo_server() as url:
            for status in (200, 400, 401, 403, 429, 500):
                with self.subTest(status):
                    Echo.status = status
                    self.prepare({"base_url": url}, {})
                    partner = self.make_partner(email=f"ada.l{status}@example.com")
                    with self.listening() as logged:
                        _form, action = self.press(
                            partner, role="user", username=f"ada.l{status}"
                        )
                        with self.committing(self.manager) as env:
                            tested = self.try_connection(env)
                    self.assertTrue(self.get_account(partner).error_code)
                    for text in (logged.getvalue(), action, tested):
                        self.assert_clean(text)
                    for text in (*self.get_traces(partner), *self.get_stored()):
                        self.assert_clean(text)

    def test_repr(self):
        """No object prints what it knows."""
        with self.system._open_transport() as transport:
            check_connection(transport, self.system.root_account_id)
            run = self.env["panda.service"]._get_runner(self.system, seconds=1)
            for thing in (
                transport,
                transport._credentials,
                transport._token,
                PandaClient(transport),
                run,
                run._transport,
                self.system,
                self.system.sudo(),
            ):
                with self.subTest(type(thing).__name__):
                    self.assert_clean(repr(thing))
                    self.assert_clean(str(thing))
