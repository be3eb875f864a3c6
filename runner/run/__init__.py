"""One run from its start to its end, and the registry of all of them."""
