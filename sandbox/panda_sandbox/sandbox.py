"""All that one running sandbox consists of."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request

from .faults import FaultRule, Faults
from .quota import Quota
from .recorder import Recorder
from .settings import Settings
from .store.accounts import Account, Accounts
from .store.database import Database
from .store.mails import Mails
from .store.operators import Operators
from .store.transactions import Transactions
from .switches import Switches
from .tokens import Tokens


class Sandbox:
    """State and behaviour behind the endpoints.

    Only the database survives a restart: settings, switches and faults come from
    the command line again, tokens and recorded requests are gone.
    """

    def __init__(
        self,
        database: str | Path,
        settings: Settings | None = None,
        switches: Mapping[str, object] | None = None,
        faults: Iterable[FaultRule] = (),
        seed: int = 0,
    ) -> None:
        self._start_settings = settings or Settings()
        self.settings = self._start_settings
        self.switches = Switches(switches)
        self.faults = Faults(faults, seed)
        self.quota = Quota(self.settings.quota, time.time())
        self.recorder = Recorder()
        self.tokens = Tokens()
        self.database = Database(database)
        self.accounts = Accounts(self.database)
        self.operators = Operators(self.database)
        self.mails = Mails(self.database)
        self.transactions = Transactions(
            self.database, self.accounts, self.operators, self.mails, self.switches
        )

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Change some settings; raises ``ValueError`` for bad ones."""
        self.settings = self.settings.changed(changes)
        self.quota.change(self.settings.quota, time.time())

    def settle(self) -> None:
        """Decide the transactions that have become due."""
        self.transactions.settle(time.time())

    def delete_account(self, account: Account) -> list[str]:
        """Delete an account and all below it; return the IDs of those below."""
        free = self.switches["operators_after_delete"] == "freed"
        return self.accounts.delete(account.id, free_operators=free)

    def reset(self) -> None:
        """Be as after a start with an empty database."""
        self.settings = self._start_settings
        self.quota = Quota(self.settings.quota, time.time())
        self.switches.reset()
        self.faults.reset()
        self.recorder.reset()
        self.tokens.reset()
        self.database.reset()


async def get_sandbox(request: Request) -> Sandbox:
    """The sandbox that a request came to."""
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


SandboxDep = Annotated[Sandbox, Depends(get_sandbox)]
