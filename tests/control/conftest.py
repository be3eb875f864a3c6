"""Property-based tests prove what is done, never how fast: a busy machine fails none of them."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
