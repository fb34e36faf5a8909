"""The accounts domain for the kernel: one actor per account and per business number, and its calls to the outside."""

from __future__ import annotations

import structlog
from prometheus_client import Counter

from agents.accounts import letters
from agents.accounts.ports import Outside, Refused, Unknown
from agents.runtime.domain import Domain
from models.accounts import calls
from models.accounts import decide as accounts
from models.accounts.account import Account
from models.accounts.business import number_in
from models.accounts.messages import ACCOUNTS_EVENTS, ACCOUNTS_INBOX, CallDone, CallRefused
from models.accounts.secrets import digits
from models.actor import Effect, Message
from models.effects import PortKind

CALLS = ("mail", "sms", "unlink", "ocr")
IN_VAIN = Counter(
    "bb_calls_in_vain_total",
    "Calls of accounts that were refused for good, or had no outcome after several attempts",
    ["call", "why"],
)
for _call_name in CALLS:
    for _why in ("refused", "unknown"):
        # A series that begins with its first count shows no increase, and would wake nobody.
        IN_VAIN.labels(_call_name, _why)
log = structlog.get_logger(__name__)


def accounts_domain(outside: Outside, code_secret: str) -> Domain:
    """The domain, calling ``outside``. ``code_secret``: makes codes of the salts that commands carry."""

    async def perform(key: str, account: Account, effect: Effect) -> Message:
        # What is ``Unknown`` is raised, and so said to be unknown by the kernel.
        try:
            found = await _call(outside, code_secret, key, account)
        except Refused as error:
            IN_VAIN.labels(effect.name, "refused").inc()
            log.warning("call_refused", call=effect.name, row=key, code=error.code)
            return CallRefused(effect=effect.name, attempt=effect.attempt, code=error.code)
        except Unknown:
            if account.tasks[0].tries + 1 >= calls.IN_VAIN[effect.name]:
                IN_VAIN.labels(effect.name, "unknown").inc()
            raise
        return CallDone(effect=effect.name, attempt=effect.attempt, found=found)

    return Domain(
        name="accounts",
        inbox=ACCOUNTS_INBOX,
        events=ACCOUNTS_EVENTS,
        state=accounts.ACCOUNTS_STATE,
        decide=accounts.decide,
        evolve=accounts.evolve,
        route=accounts.route,
        pending=accounts.pending,
        wake=accounts.wake,
        answer=accounts.answer,
        private=accounts.private,
        perform=perform,
        kinds=dict.fromkeys(CALLS, PortKind.REPEATABLE),
        apart=True,
    )


async def _call(outside: Outside, code_secret: str, key: str, account: Account) -> str:
    """Make the call that is under way; the business number that was found, if one was looked for. Raises ``PortError``."""
    task = account.tasks[0]
    code = digits(code_secret, key, task.salt) if task.salt else ""
    match task.name:
        case "mail":
            await outside.mailer.mail(task.target, letters.letter(task.what, code, task.note))
        case "sms":
            await outside.texter.text(task.target, letters.message(code))
        case "unlink":
            await outside.unlinker.unlink(task.target)
        case "ocr":
            texts = await outside.reader.read(await outside.documents.fetch(task.target))
            return next((number for text in (*texts, " ".join(texts)) if (number := number_in(text))), "")
    return ""
