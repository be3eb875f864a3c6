"""What may be said and what it does: messages, roles, and the state machine of a run.

Nothing here does I/O or imports asyncio or any third party but pydantic: all of it is tested without a loop, a clock
or a browser. Who reads it begins with ``run.py``.

``protocol/``
  ``shape``, ``actions``, ``models``   the shapes on the wire, from their base to a whole run
  ``commands``, ``events``             what clients send, and what the server sends
  ``wording``                          sentences for people instead of pydantic's

The state machine
  ``run``             ``Run``: commands and facts go in, numbered events and the next action come out
  ``next_action``     what the run wants done next: plan, perform, diagnose, wait, finish, end
  ``step_history``    the steps so far, and how far the plan has come
  ``pending_step``    the proposal and the overrides that wait to take its place
  ``planning``        the instructions, and whether the planner is to be asked
  ``pacing``          pause, and single steps
  ``diagnosis``       what is known of a run that is stuck
  ``control_lease``   which person holds control
  ``viewers``         who is connected

Around it
  ``event_log``       one numbered order of events for everybody, with replay
  ``roles``           who may send which command
  ``secrets``         values that may be used and shown nowhere
  ``headers``         which headers' values may be shown
  ``errors``          every refusal, with its code
"""
