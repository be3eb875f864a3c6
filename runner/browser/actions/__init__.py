"""Actions done to the active page, each waited for until the element can take it."""
