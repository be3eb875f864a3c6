"""``python -m jumpseat``."""

from jumpseat import main

main()
