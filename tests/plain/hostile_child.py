"""One call of a client, in a process of its own that measures itself.

:func:`main` prints what came of it as JSON: ``outcome``
(``ok``, or kind and code of the error), ``seconds``, ``grown_mb`` (the peak of the
memory above what it was before) and ``unstorable`` (texts that no database would take).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from panda_provisioning.core.connection_check import check_connection
from panda_provisioning.panda_api import transport as transport_module
from panda_provisioning.panda_api.client import PandaClient
from panda_provisioning.panda_api.credentials import Credentials
from panda_provisioning.panda_api.errors import PandaError
from panda_provisioning.panda_api.responses import Exchange
from panda_provisioning.panda_api.transport import Transport
from panda_sandbox.settings import API_KEY, PASSWORDS, READ_WRITE_ID, ROOT_ACCOUNT

LONGEST_TEXT = 2000

GOOD = Credentials(READ_WRITE_ID, PASSWORDS[READ_WRITE_ID], API_KEY)
PERSON = {
    "first_name": "Ann",
    "last_name": "Lee",
    "email": "ann@acme.example",
}
OPERATOR = {**PERSON, "username": "ann.lee", "phone": "302101234567", "role": "X"}
UNKNOWN_ID = "WGC-1-0000000000"


CALLS: dict[str, Callable[[PandaClient], Any]] = {
    "token": lambda client: client.authenticate(),
    "read": lambda client: client.get_account(ROOT_ACCOUNT),
    "unknown": lambda client: client.get_account(UNKNOWN_ID),
    "list": lambda client: client.list_children(ROOT_ACCOUNT),
    "operators": lambda client: client.list_operators(ROOT_ACCOUNT),
    "transaction": lambda client: client.get_transaction("T-1", "ann.lee"),
    "create": lambda client: client.create_account(
        ROOT_ACCOUNT, account_type=2, name="Acme", **PERSON
    ),
    "operator": lambda client: client.create_operator(ROOT_ACCOUNT, **OPERATOR),
    "check": lambda client: check_connection(client._transport, ROOT_ACCOUNT),
}


def texts(value: Any) -> Iterator[str]:
    """Every text in ``value``."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from texts(each)
    elif isinstance(value, PandaError):
        yield from texts([value.code, value.detail])
    elif hasattr(value, "__dict__"):
        yield from texts(list(vars(value).values()))


def memory(name: str) -> int:
    """Kilobytes of this process, now (``VmRSS``) or at most so far (``VmHWM``)."""
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    assert found
    return int(found[1])


def main(url: str, call: str, timeout: str) -> None:
    exchanges: list[Exchange] = []
    result: Any = None
    transport_module.DELAYS = (0.0, 0.0, 0.0)  # it repeats, but waits for nothing
    with Transport(url, GOOD, timeout=float(timeout)) as transport:
        client = PandaClient(transport, exchanges.append)
        before, started = memory("VmRSS"), time.monotonic()
        try:
            result, outcome = CALLS[call](client), "ok"
        except PandaError as error:
            result, outcome = error, f"{error.kind.value} {error.code}"
        seconds = time.monotonic() - started
    bad = re.compile("[\0\ud800-\udfff]")
    said = texts([result, exchanges])
    report = {
        "outcome": outcome,
        "seconds": round(seconds, 2),
        "grown_mb": round((memory("VmHWM") - before) / 1024, 1),
        "unstorable": [
            ascii(each)[:80]
            for each in said
            if bad.search(each) or len(each) > LONGEST_TEXT
        ],
        "retry_after": getattr(result, "retry_after", None),
    }
    print(json.dumps(report))
