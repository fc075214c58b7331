"""The predicate of the ``vsa`` report alone, for what makes the statement itself when it signs.

Such are ``cosign attest --predicate`` and ``actions/attest``: there, the subject is the caller's.
"""

from __future__ import annotations

from gate.report.vsa import render_predicate as render

__all__ = ["render"]
