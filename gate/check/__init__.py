"""Images in, a verdict out: their digests, their evidence, the wait for it, and the decisions."""

from gate.check.checking import check
from gate.check.scanning import ScanMode, Scans
from gate.check.targets import Question
from gate.check.waiting import Awaited, Progress, Stop, Wait, Waiting, Watcher

__all__ = [
    "Awaited",
    "Progress",
    "Question",
    "ScanMode",
    "Scans",
    "Stop",
    "Wait",
    "Waiting",
    "Watcher",
    "check",
]
