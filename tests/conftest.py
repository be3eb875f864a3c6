"""Fixtures that every test may use come from these plugins."""

from hypothesis import settings

pytest_plugins = ["tests.livekit_server"]

# More and other inputs for the tests in fuzz/, which take their number from it; the default is what CI runs.
settings.register_profile("long", print_blob=True)
