"""What people are written: codes, and what an admin decided; in Korean, with the English below."""

from __future__ import annotations

from agents.accounts.ports import Letter

_CODE = (
    "[Blooming Blooms] 인증번호 {code}",
    "인증번호는 {code}입니다. 10분 안에 입력해 주세요. 요청하지 않으셨다면 이 메일을 무시해 주세요.\n\n"
    "Your code is {code}. Enter it within 10 minutes. If you did not ask for it, ignore this mail.",
)
_TEXTS: dict[str, tuple[str, str]] = {
    "registration": _CODE,
    "email": _CODE,
    "password": _CODE,
    "known": (
        "[Blooming Blooms] 이미 가입된 이메일입니다",
        "이 이메일로 판매자 가입을 시작하셨지만 이미 가입되어 있습니다. 비밀번호를 잊으셨다면 다시 설정해 주세요.\n\n"
        "Somebody began to register with this e-mail, which has an account already. A forgotten password can be reset.",
    ),
    "permitted": (
        "[Blooming Blooms] 판매자 신청이 승인되었습니다",
        "축하합니다. 이제 로그인하여 가게를 등록하실 수 있습니다.\n\n"
        "Your application was approved. Sign in to register your store.",
    ),
    "denied": (
        "[Blooming Blooms] 판매자 신청이 반려되었습니다",
        "사업자등록증을 확인하고 다시 제출해 주세요. {note}\n\nYour application was not approved. Please submit it again. {note}",
    ),
    "suspended": (
        "[Blooming Blooms] 계정이 정지되었습니다",
        "계정 이용이 정지되었습니다. {note}\n\nYour account has been suspended. {note}",
    ),
    "restored": (
        "[Blooming Blooms] 계정 정지가 해제되었습니다",
        "다시 이용하실 수 있습니다. {note}\n\nYour account has been restored. {note}",
    ),
}


def letter(what: str, code: str = "", note: str = "") -> Letter:
    """The mail ``what`` (a purpose, or what an admin did). Raises ``KeyError`` for an unknown one."""
    subject, text = _TEXTS[what]
    return Letter(subject.format(code=code), text.format(code=code, note=note))


def message(code: str) -> str:
    """The SMS with a code."""
    return f"[Blooming Blooms] 인증번호 {code} (10분)"
