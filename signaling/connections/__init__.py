"""Open connections: control messages in, events out, and what ends them."""
