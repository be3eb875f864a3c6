"""The front end; Python needs of it only where its built files are."""

from pathlib import Path

__all__ = ["DIST", "is_built"]

DIST = Path(__file__).parent / "dist"
"""What ``npm run build`` makes: ``index.html``, ``assets/``, ``player.js``. Not there until then."""


def is_built() -> bool:
    """Whether there are pages to serve."""
    return (DIST / "index.html").is_file()
