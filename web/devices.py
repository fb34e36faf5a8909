"""A word for browser and system, out of a fixed list: what a person needs to tell their sessions apart, and no more."""

from __future__ import annotations

_BROWSERS = (
    ("edg/", "edge"), ("whale/", "whale"), ("samsungbrowser/", "samsung"), ("kakaotalk", "kakaotalk"), ("firefox/", "firefox"),
    ("chrome/", "chrome"), ("crios/", "chrome"), ("safari/", "safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iphone", "iphone"), ("ipad", "ipad"), ("android", "android"), ("windows", "windows"), ("mac os", "mac"), ("linux", "linux"),
)  # fmt: skip


def device(user_agent: str) -> str:
    """``chrome/windows``; what is not known is ``other``."""
    said = user_agent[:1000].lower()
    browser = next((name for mark, name in _BROWSERS if mark in said), "other")
    system = next((name for mark, name in _SYSTEMS if mark in said), "other")
    return f"{browser}/{system}"
