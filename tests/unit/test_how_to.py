"""The page that shows how to add a domain names files that are there, and what it says of them is so."""

from __future__ import annotations

import re

import pytest

from deploy.local.layout import ROOT

PAGE = (ROOT / "docs" / "how-to-add-a-domain.md").read_text()
FILES = sorted(set(re.findall(r"`((?:models|agents|topics|web|tests|docs|deploy)/[\w/.-]+\.\w+|pyproject\.toml)`", PAGE)))
SAID = {
    "models/stores/messages.py": ("PostNotice", "NoticeDeleted", "NoticePrivate"),
    "models/stores/notices.py": ("def decide(", "def evolve(", "def private("),
    "models/kept.py": ("ERASE", "class Keeping"),
    "models/stores/decide.py": ("notices.decide(", "OTHER_KIND"),
    "agents/stores.py": ("STORES = Domain(",),
    "models/read/notices.py": ("def project(", "mysql.Whole(", "pages.newest("),
    "models/read/models.py": ("notices.MODEL",),
    "web/requests/stores.py": ("class NoticeRequest", "class NoticeChange"),
    "web/responses/stores.py": ("class NoticeAnswer",),
    "web/routes/__init__.py": ("notices.post", "notices.edit", "notices.delete", "notices.of_store"),
    "web/reads.py": ("def notices(",),
    "web/databases.py": ("def notices(",),
    "web/commands.py": ('"notice_id"',),
    "web/texts/stores.py": ('"notice_unknown"',),
    "tests/unit/stores/test_questions.py": ("PostNotice",),
    "tests/unit/read/test_stores.py": ("notices.project(",),
    "tests/unit/read/tables.py": ("notices.table(1)",),
    "tests/unit/web/test_stores.py": ("PostNotice",),
    "tests/unit/web/examples.py": ('"NoticeRequest"', '"notice_id"'),
    "tests/unit/web/known.py": ("def notices(",),
    "tests/integration/test_stores.py": ("PostNotice",),
    "tests/e2e/test_stores.py": ("/notices",),
}
"""File -> what it holds of notices."""


def test_every_file_that_makes_up_the_example_is_on_the_page() -> None:
    assert set(SAID) - set(FILES) == set()


@pytest.mark.parametrize("file", FILES)
def test_a_file_on_the_page_is_there_and_holds_its_part(file: str) -> None:
    text = (ROOT / file).read_text()
    assert [words for words in SAID.get(file, ()) if words not in text] == []


def test_what_the_page_leaves_to_commands_is_a_command() -> None:
    for module in re.findall(r"python -m ([\w.]+)", PAGE):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module
