"""Runs a command under a seccomp profile in the form that containers take, without one.

``python -m tests.seccomp_launcher PROFILE COMMAND ARG…``; as root, the command runs as ``nobody``, for Chromium's own
sandbox is never used by root.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pyseccomp

NOBODY = 65534
_COMPARE = {"SCMP_CMP_EQ": pyseccomp.EQ, "SCMP_CMP_NE": pyseccomp.NE, "SCMP_CMP_MASKED_EQ": pyseccomp.MASKED_EQ}


def load(profile: dict[str, Any]) -> None:
    """Puts this process, and all that it will start, under the profile. Raises OSError."""
    filter_ = pyseccomp.SyscallFilter(pyseccomp.ERRNO(profile["defaultErrnoRet"]))
    for rule in profile["syscalls"]:
        allowed = rule["action"] == "SCMP_ACT_ALLOW"
        action = pyseccomp.ALLOW if allowed else pyseccomp.ERRNO(rule["errnoRet"])
        arguments = [
            pyseccomp.Arg(each["index"], _COMPARE[each["op"]], each["value"], each.get("valueTwo", 0))
            for each in rule.get("args", ())
        ]
        for name in rule["names"]:
            try:
                number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
            except OSError:
                continue  # a call of another machine, or newer than the library here
            if number >= 0:
                filter_.add_rule(action, number, *arguments)
    filter_.load()


def main() -> None:
    _, profile, *command = sys.argv
    rules = json.loads(Path(profile).read_text())
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    load(rules)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
