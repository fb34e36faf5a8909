"""The providers of an installation, by its settings."""

from __future__ import annotations

from agents.accounts.clova import Clova
from agents.accounts.documents import Bucket
from agents.accounts.http import Http
from agents.accounts.kakao import KakaoAdmin
from agents.accounts.nhn import Nhn
from agents.accounts.ports import Outside
from agents.accounts.sendgrid import SendGrid
from agents.images.objects import Objects
from models.settings import Settings


def outside(http: Http, objects: Objects, settings: Settings) -> Outside:
    """Everything that the accounts domain calls."""
    return Outside(
        mailer=SendGrid(http, settings.mail_url, settings.mail_key, settings.mail_sender),
        texter=Nhn(http, settings.sms_url, settings.sms_app, settings.sms_secret, settings.sms_sender),
        unlinker=KakaoAdmin(http, settings.kakao_api_url, settings.kakao_admin_key),
        reader=Clova(http, settings.ocr_url, settings.ocr_secret),
        documents=Bucket(objects),
    )
