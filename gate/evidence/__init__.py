"""One image's evidence: what Security Center knows of it, believed only where it all agrees."""

from gate.evidence.details import level_of
from gate.evidence.reader import EvidenceReader, unscanned_by
from gate.evidence.records import in_repository
from gate.evidence.scan import moment
from gate.evidence.target import Look, Target

__all__ = [
    "EvidenceReader",
    "Look",
    "Target",
    "in_repository",
    "level_of",
    "moment",
    "unscanned_by",
]
