"""What ``jumpseat run`` does: which test files there are, their runs side by side, and what is kept of them."""
