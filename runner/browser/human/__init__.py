"""A person's pointer and keys: dispatched to the browser, and recorded as actions that do the same again."""
