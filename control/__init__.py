"""What may be said, and what it does: messages, roles, and the state machine of a run.

No I/O, no asyncio, and no third-party import but pydantic: everything here can be tested without a loop or a browser.
"""
