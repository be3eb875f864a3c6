"""Fixtures that every test may use come from these plugins."""

pytest_plugins = ["tests.livekit_server"]
