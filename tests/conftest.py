"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# Speed is never a reason to fail: a busy machine takes any time for an example.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
