"""Refusals of accounts, sessions and codes."""

from __future__ import annotations

from web.texts.text import Text

PROBLEMS: dict[str, Text] = {
    "sign_in_failed": Text(
        "로그인할 수 없습니다", "Sign-in failed",
        "아이디나 비밀번호, 인증번호를 확인해 주세요.", "Please check name, password and code.",
    ),
    "session_ended": Text("다시 로그인해 주세요", "Please sign in again", "세션이 끝났습니다.", "The session has ended."),
    "session_reused": Text(
        "다시 로그인해 주세요", "Please sign in again",
        "이미 쓰인 로그인 정보가 다시 쓰여 세션을 끝냈습니다.",
        "A secret that was used before came again, so the session was ended.",
    ),
    "account_suspended": Text("정지된 계정입니다", "The account is suspended"),
    "account_gone": Text("없는 계정입니다", "There is no such account"),
    "rejoin_too_soon": Text(
        "탈퇴 후 24시간이 지나야 다시 가입할 수 있습니다", "You can join again 24 hours after you left",
    ),
    "oauth_state": Text(
        "로그인을 처음부터 다시 해 주세요", "Please begin to sign in again",
        "이 브라우저에서 시작한 로그인이 아니거나 시간이 지났습니다.", "It was not begun in this browser, or too long ago.",
    ),
    "oauth_denied": Text("로그인이 취소되었습니다", "The sign-in was cancelled"),
    "oauth_away": Text("로그인 서비스가 응답하지 않습니다", "The identity provider does not answer"),
    "provider_unknown": Text("지원하지 않는 로그인입니다", "There is no such identity provider"),
    "not_a_buyer": Text("구매자만 탈퇴할 수 있습니다", "Only buyers withdraw by themselves"),
    "address_unknown": Text("주소록에 없는 배송지입니다", "There is no such address in your book"),
    "address_exists": Text("같은 배송지가 이미 있습니다", "Your book has this very address already"),
    "address_invalid": Text("배송지를 다시 확인해 주세요", "Please check the address"),
    "address_book_full": Text(
        "배송지는 {most}개까지 저장할 수 있습니다", "An address book holds {most} addresses",
        "쓰지 않는 배송지를 지우고 다시 저장해 주세요.", "Please remove one that you do not need.",
    ),
    "code_wrong": Text(
        "인증번호가 다릅니다", "The code is wrong",
        "번호를 확인하거나 인증번호를 다시 받아 주세요.", "Please check the digits, or ask for a new code.",
    ),
    "code_expired": Text("인증번호를 다시 받아 주세요", "Please ask for a new code"),
    "code_unknown": Text("인증번호를 먼저 받아 주세요", "Please ask for a code first"),
    "code_too_soon": Text("잠시 후 다시 요청해 주세요", "Please wait before asking for another code"),
    "codes_exhausted": Text("오늘은 더 보낼 수 없습니다", "No more codes can be sent today"),
    "ticket_invalid": Text("이메일을 다시 인증해 주세요", "Please verify your e-mail again"),
    "seller_exists": Text("이미 가입된 이메일입니다", "This e-mail has an account already"),
    "business_number_taken": Text("이미 등록된 사업자등록번호입니다", "The business number is registered already"),
    "business_number_invalid": Text("올바른 사업자등록번호가 아닙니다", "Not a valid business number"),
    "licence_busy": Text("사업자등록증을 읽는 중입니다", "A licence is being read"),
    "licence_reads_exhausted": Text("오늘은 더 읽을 수 없습니다", "No more licences can be read today"),
    "not_denied": Text("반려된 신청만 다시 제출할 수 있습니다", "Only a denied application can be submitted again"),
    "application_not_pending": Text("심사 중인 신청이 아닙니다", "The application is not pending"),
    "credential_changed": Text("비밀번호가 그사이 바뀌었습니다", "The password was changed meanwhile"),
    "password_wrong": Text("현재 비밀번호가 다릅니다", "The current password is wrong"),
    "already_suspended": Text("이미 정지된 계정입니다", "The account is suspended already"),
    "not_suspended": Text("정지되지 않은 계정입니다", "The account is not suspended"),
    "own_account": Text("자기 계정은 정지할 수 없습니다", "Nobody suspends the own account"),
    "admin_exists": Text("이미 있는 관리자입니다", "There is such an admin already"),
    "too_many_commands": Text("너무 자주 바꾸었습니다. 잠시 뒤에 다시 해 주세요", "Too many changes within an hour"),
}  # fmt: skip
