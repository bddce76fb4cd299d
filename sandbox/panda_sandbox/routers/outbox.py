"""``/outbox``: the activation mails as a person would read them.

See docs/watchguard-api.md#activation-mail.
"""

from __future__ import annotations

from datetime import datetime, timezone
from html import escape
from importlib.resources import files
from string import Template

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from ..sandbox import SandboxDep
from ..store.mails import Mail

router = APIRouter(include_in_schema=False)

PAGE = Template(files("panda_sandbox").joinpath("pages/page.html").read_text("utf-8"))

EMPTY = """
<section class="card">
<h2>No mail yet</h2>
<p>Panda sends a mail when a new login has been created without a password: it asks
the person to choose one. Synchronise a customer or a reseller, and the mail appears
here. Reload the page to see it.</p>
</section>
"""

MAIL = Template(
    """
<article class="card">
<div class="head"><h2>Activate your account</h2>
<time class="soft" datetime="$iso">$time</time></div>
<dl>
<dt>To</dt><dd>$recipient</dd>
<dt>Username</dt><dd>$username</dd>
<dt>Account</dt><dd>$account <span class="soft">$account_id</span></dd>
</dl>
<a class="button" href="$link">Choose a password</a>
</article>
"""
)

INTRODUCTION = Template(
    """
<h1>Outbox</h1>
<p class="soft">${count}This is a sandbox: the mails that Panda would send are kept
here, and nobody receives them.</p>
"""
)

ACTIVATION = Template(
    """
<h1>Welcome, $username</h1>
<section class="card">
<p>This is where $recipient would choose a password for $account. The sandbox ends
here: nothing needs to be done.</p>
</section>
<p><a href="/outbox">Back to the outbox</a></p>
"""
)

NOT_FOUND = """
<h1>Unknown link</h1>
<p>No mail in the outbox holds this link. The sandbox may have been reset since.</p>
<p><a href="/outbox">Back to the outbox</a></p>
"""


@router.get("/outbox")
async def show_outbox(sandbox: SandboxDep) -> HTMLResponse:
    sandbox.settle()
    mails = sandbox.mails.all()
    content = INTRODUCTION.substitute(count=_count(len(mails)))
    content += "".join(_mail(mail) for mail in reversed(mails)) or EMPTY
    return _page("Outbox of the Panda sandbox", content)


@router.get("/activate/{link_key}")
async def show_activation(link_key: str, sandbox: SandboxDep) -> HTMLResponse:
    mail = sandbox.mails.find(link_key)
    if not mail:
        return _page("Unknown link", NOT_FOUND, 404)
    content = ACTIVATION.substitute(
        username=escape(mail.username),
        recipient=escape(mail.recipient),
        account=escape(mail.account_name),
    )
    return _page("Activation in the Panda sandbox", content)


def _count(number: int) -> str:
    if number > 1:
        return f"{number} mails, newest first. "
    return "1 mail. " if number else ""


def _mail(mail: Mail) -> str:
    moment = datetime.fromtimestamp(mail.sent_at, timezone.utc)
    return MAIL.substitute(
        iso=moment.isoformat(timespec="seconds"),
        time=moment.strftime("%d %b %Y, %H:%M:%S UTC"),
        recipient=escape(mail.recipient),
        username=escape(mail.username),
        account=escape(mail.account_name),
        account_id=escape(mail.account_id),
        link=escape(mail.link),
    )


def _page(title: str, content: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(PAGE.substitute(title=title, content=content), status)
