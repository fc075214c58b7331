"""What would help now, in the words of the command that was called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from gate.clock import Run


class Advice(Struct, frozen=True):
    """Halves of sentences, which name no option that the command lacks.

    ``waits``, ``scans``, ``takes_digest`` and ``resolves`` tell whether it has the options --wait,
    --scan, --digest and --resolve; ``scans`` is false, too, where a scan was asked for already.
    """

    waits: bool = True
    scans: bool = True
    takes_digest: bool = True
    resolves: bool = True

    @classmethod
    def of(cls, run: Run, *, scanning: bool = False) -> Advice:
        """Return what the command of a run can do, which may be asking for scans already."""
        return cls(
            waits=run.offers("--wait"),
            scans=run.offers("--scan") and not scanning,
            takes_digest=run.offers("--digest"),
            resolves=run.offers("--resolve"),
        )

    @property
    def longer(self) -> str:
        """What to do where time alone may help."""
        return "Wait longer with --wait" if self.waits else "Run the command again later"

    @property
    def next_scan(self) -> str:
        """What to do where only another scan helps."""
        if not self.waits:
            return f"Run the command again after the next scan{self.or_scan}"
        return f"Wait for the next scan (--wait){self.or_scan}"

    @property
    def after_push(self) -> str:
        """What to do where Security Center may not have heard of an image yet."""
        if not self.waits:
            return "run the command again later, or let `gate check` ask for a scan"
        scan = ", or ask for a scan with --scan missing, which uses scan quota"
        return "wait longer (--wait)" + (scan if self.scans else "")

    @property
    def or_scan(self) -> str:
        """How to ask for a scan instead of something else; empty where that was done."""
        if self.scans:
            return ", or ask for one with --scan missing, which uses scan quota"
        return "" if self.waits else ", or let `gate check` ask for one"

    @property
    def more_time(self) -> str:
        """What to do where findings may still be arriving."""
        return "give it more time (--wait)" if self.waits else "wait some minutes"

    @property
    def digest(self) -> str:
        """What to give so that it is certain which image is meant."""
        how = "--digest, or IMAGE@sha256:…" if self.takes_digest else "IMAGE@sha256:…"
        return f"the digest that was pushed ({how})"

    @property
    def if_index(self) -> str:
        """What else to try with a digest that is not known; empty, or a sentence and a space."""
        if not self.resolves:
            return ""
        return "If the digest is that of a multi-platform index, add --resolve. "
