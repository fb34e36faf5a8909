"""The page that shows how to add a domain names every file that knows of its example, and what it says of them is so."""

from __future__ import annotations

import re
import subprocess

import pytest

from deploy.local.layout import ROOT
from topics.catalogue import DOMAINS

PAGE = (ROOT / "docs" / "how-to-add-a-domain.md").read_text()
FILES = sorted(
    set(
        re.findall(
            r"`((?:models|agents|topics|web|tests|docs|deploy)/[\w/.-]+\.\w+|pyproject\.toml|README\.md|CHANGELOG\.md)`", PAGE
        )
    )
)
NOTICES = re.compile(
    r"\b(Post|Edit|Delete)Notice\b|\bNotice(Posted|Edited|Deleted|Private|Request|Change|Answer|Shown)\b|\bNOTICES?_\w+\b|\bnotice_id\b"
    r"|notice_unknown|/notices\b|\bimport notices\b|\bnotices\.(MODEL|project|table|decide|Queries)\b"
)
"""What only a file says that knows of store notices: their messages, bodies, ids, codes, routes and modules."""
OWN = "tests/unit/test_how_to.py"
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
    "web/examples/bodies.py": ("NoticeRequest(", "NoticeChange("),
    "web/examples/answers.py": ("NoticeAnswer(", "NoticeShown("),
    "tests/unit/contract/stores.json": ("NoticePosted",),
    "tests/unit/web/test_access.py": ('"GET /stores/{store_id}/notices"', '"POST /stores/{store_id}/notices"'),
    "tests/e2e/keyed.py": ('"POST /stores/{store_id}/notices"',),
    "agents/auditor/invariants.py": ("WITHIN_ONE_AGGREGATE",),
    "agents/auditor/books.py": ("def fold(",),
    "tests/unit/stores/test_questions.py": ("PostNotice",),
    "tests/unit/read/test_stores.py": ("notices.project(",),
    "tests/unit/read/tables.py": ("notices.table(1)",),
    "tests/unit/web/test_questions.py": ("PostNotice",),
    "tests/unit/web/examples.py": ('"NoticeRequest"', '"notice_id"'),
    "tests/unit/web/known.py": ("def notices(",),
    "tests/integration/test_stores.py": ("PostNotice",),
    "tests/e2e/test_stores.py": ("/notices",),
}
"""File -> what it holds of notices, or of what the page says is there."""


def files() -> list[str]:
    """Every text of the repository."""
    named = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [one for one in named if one.endswith((".py", ".toml", ".json", ".md", ".yml", ".html")) and one != OWN]


def naming(what: re.Pattern[str]) -> set[str]:
    """The files that say it."""
    return {one for one in files() if (ROOT / one).exists() and what.search((ROOT / one).read_text())}


def test_every_file_that_knows_of_the_example_is_on_the_page() -> None:
    known = naming(NOTICES)
    assert len(known) >= 25
    assert {one for one in known if one not in PAGE} == {"docs/how-to-add-a-domain.md"}
    assert set(SAID) - set(FILES) == set()


def test_every_file_that_runs_a_domain_is_on_the_page() -> None:
    """By carts, the plainest domain of its own; its own tests apart."""
    running = naming(re.compile(r"^from agents\.carts import", re.M))
    assert {one for one in running if one not in PAGE} == {"tests/unit/carts/test_carts.py"}
    assert len(running) >= 5


def test_the_lists_of_import_contracts_are_as_many_as_the_page_says() -> None:
    contracts = (ROOT / "pyproject.toml").read_text()
    assert "joins three lists of the import contracts" in " ".join(PAGE.split())
    for domain in DOMAINS:
        assert len(re.findall(rf'"models\.{domain}"', contracts)) == 3, domain
        assert len(re.findall(rf'"agents\.{domain}"', contracts)) == 1, domain


def test_the_architecture_names_every_domain() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    assert [domain for domain in DOMAINS if not re.search(rf"(trade|shop): [a-z, ]*\b{domain}\b", page)] == []


@pytest.mark.parametrize("file", FILES)
def test_a_file_on_the_page_is_there_and_holds_its_part(file: str) -> None:
    text = (ROOT / file).read_text()
    assert [words for words in SAID.get(file, ()) if words not in text] == []


def test_what_the_page_leaves_to_commands_is_a_command() -> None:
    for module in re.findall(r"python -m ([\w.]+)", PAGE):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module
