"""The front door: settings, the commands, and the building of the parts (closed in reverse).

A folder, not one file, because five commands, their settings and the doctor are more than one file should hold.
"""

from jumpseat.commands import main
from jumpseat.settings import Settings

__all__ = ["Settings", "main"]
