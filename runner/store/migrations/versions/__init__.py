"""One module for each numbered step; a step that was released is never changed."""
