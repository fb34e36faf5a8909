"""What every public answer says of itself."""

from __future__ import annotations

PUBLIC = {"Cache-Control": "public, max-age=5"}
"""As old as a price in a command may be (design §7)."""
