"""Mail by SendGrid's v3 contract: ``POST /v3/mail/send`` with a bearer key, answered 202 without a body."""

from __future__ import annotations

from agents.accounts.http import Http, accepted
from agents.accounts.ports import Letter


class SendGrid:
    """A ``Mailer``. ``sender``: the one fixed address that mail comes from (spec auth 44)."""

    def __init__(self, http: Http, url: str, key: str, sender: str) -> None:
        self._http, self._url, self._sender = http, f"{url}/v3/mail/send", sender
        self._headers = {"Authorization": f"Bearer {key}"}

    async def mail(self, to: str, letter: Letter) -> None:
        """See ``Mailer.mail``."""
        body = {
            "personalizations": [{"to": [{"email": to}]}],
            "from": {"email": self._sender, "name": "Blooming Blooms"},
            "subject": letter.subject,
            "content": [{"type": "text/plain", "value": letter.text}],
        }
        status, _ = await self._http.post(self._url, json=body, headers=self._headers)
        accepted(status)
