"""Which headers of a driven page's requests and answers are shown with their values."""

from __future__ import annotations

import re
from typing import Final

from control.secrets import MASK

_PLAIN: Final = re.compile(
    r"(accept|access-control|content|cross-origin|if|sec-ch|sec-fetch)(-[a-z-]+)?|age|allow|alt-svc|cache-control|"
    r"connection|date|etag|expires|host|keep-alive|last-modified|link|location|origin|pragma|range|referer|retry-after|"
    r"server|server-timing|strict-transport-security|transfer-encoding|upgrade(-insecure-requests)?|user-agent|vary|via|"
    r"x-content-type-options|x-frame-options|x-powered-by|x-request-id|x-requested-with",
    re.IGNORECASE,
)
"""Headers whose values are shown. All others may be credentials, by whatever name."""


def shown_value(name: str, value: str) -> str:
    """Returns the header's value where the name is known to stand for no credential, else dots."""
    return value if _PLAIN.fullmatch(name) else MASK
