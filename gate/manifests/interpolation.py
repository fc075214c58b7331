"""Fill the defaults of variables into a text of a Compose file.

    variable = "$" name | "${" name [operator text] "}"
    operator = ":-" | "-" | ":?" | "?" | ":+" | "+"

``:-`` and ``-`` give a default, which may hold variables itself; ``$$`` is a dollar sign. What the
variables are set to where the file is used isn't known here.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\$\$|\$\{[A-Za-z_]\w*(?::?-)|\$|\}|[^$}]+", re.ASCII)
_LONGEST = 2_000


def with_defaults(text: str) -> str:
    """Return the text with defaults filled in, or as it is if a variable has none."""
    if "$" not in text or len(text) > _LONGEST:
        return text
    parts: list[str] = []
    open_defaults = 0
    for part in _TOKEN.findall(text):
        if part in {"$", "$$"}:
            return text
        if part.startswith("$"):
            open_defaults += 1
        elif part == "}" and open_defaults:
            open_defaults -= 1
        else:
            parts.append(part)
    return text if open_defaults else "".join(parts)
