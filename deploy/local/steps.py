"""What is done to a running stack before and after its processes start: a table, so that a new step is a line."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from enum import Enum

import msgspec

from deploy.local.install import Say, run
from deploy.local.layout import ROOT, Layout, Stamps, digest, digest_of_files


class When(Enum):
    """The moment of a step."""

    DAEMONS_READY = "daemons ready"
    PROCESSES_READY = "processes ready"


class Step(msgspec.Struct, frozen=True):
    """``argv``: arguments of Python. Done again only when a file that matches ``inputs``, or an address, has changed."""

    name: str
    argv: tuple[str, ...]
    when: When
    inputs: tuple[str, ...]
    do: str


STEPS = (
    Step(
        "topics",
        ("-m", "agents.commands", "topics", "create"),
        When.DAEMONS_READY,
        ("topics/*.py", "models/*/messages.py", "agents/commands.py"),
        "compare topics/catalogue.py with the topics that exist; 'make reset' throws those of this stack away",
    ),
    Step(
        "schemas",
        ("-m", "deploy.migrations", "up"),
        When.DAEMONS_READY,
        ("deploy/migrations/**/*", "models/read/*.py"),
        "mend the migration; 'make reset' starts from empty databases",
    ),
    Step(
        "demo data",
        ("-m", "deploy.demo", "seed"),
        When.PROCESSES_READY,
        ("deploy/demo/**/*", "deploy/demo.py"),
        "look at 'make logs'; the seed may be repeated",
    ),
)
SERVICES = ("BB_KAFKA", "BB_MYSQL_HOST", "BB_MYSQL_PORT", "BB_MONGO_URL", "BB_DYNAMO_URL", "BB_REDIS_URL", "BB_S3_URL")
ADDRESSES = (*SERVICES, "BB_PARTITIONS", "BB_PREFIX")


def named(names: tuple[str, ...]) -> tuple[Step, ...]:
    """The steps called ``names``, in the table's order. Raises KeyError for a name that is in no line."""
    if unknown := set(names) - {step.name for step in STEPS}:
        raise KeyError(f"no such step: {', '.join(sorted(unknown))}")
    return tuple(step for step in STEPS if step.name in names)


def perform(step: Step, where: Layout, environment: Mapping[str, str], say: Say) -> None:
    """Do ``step``, unless it was done with the same inputs. Raises StackError."""
    stamps, slug = Stamps(where.home / "stamps"), step.name.replace(" ", "-")
    addresses = [f"{name}={environment.get(name, '')}" for name in ADDRESSES]
    inputs = digest([" ".join(step.argv), digest_of_files(step.inputs), *addresses])
    if stamps.holds(slug, inputs):
        return
    began = time.monotonic()
    run(f"step '{step.name}'", [sys.executable, *step.argv], where.logs / f"step-{slug}.log", step.do, cwd=ROOT, env=environment)
    stamps.put(slug, inputs)
    say(f"{step.name}: done in {time.monotonic() - began:.1f} s")
