"""``python -m agents.images.child WHAT CONTENT_TYPE``: decodes one upload, from standard input to standard output (MessagePack).

A process for each upload, with little memory, little time, no files and nothing to lose: a decoder that crashes, hangs or is
taken over takes nobody with it.
"""

from __future__ import annotations

import resource
import sys

import msgspec

from agents.images import pixels

MEMORY, CPU = 1024 * 1024 * 1024, 30
"""Bytes of address space and seconds of CPU."""


def main() -> None:
    """Answer what ``WHAT`` (``pictures`` or ``document``) makes of the input."""
    what, content_type = sys.argv[1:]
    data = sys.stdin.buffer.read()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # Above the first bound comes SIGXCPU, which is the picture's doing; SIGKILL comes from outside.
    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    made = pixels.pictures(data, content_type) if what == "pictures" else pixels.document(data, content_type)
    sys.stdout.buffer.write(msgspec.msgpack.encode(made))


if __name__ == "__main__":
    main()
