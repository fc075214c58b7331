"""One image's evidence: what Security Center knows of it, believed only where it all agrees."""

from gate.evidence.advice import Advice
from gate.evidence.freshness import CountingScan, choose
from gate.evidence.identification import (
    Identified,
    identify,
    image_of,
    in_repository,
    is_in_registry,
    with_prefix,
)
from gate.evidence.kinds.build_risk import STATUSES, BuildRisks, Checks, level_of, read_checks
from gate.evidence.kinds.kind import Why
from gate.evidence.looking import EvidenceReader, unscanned_by
from gate.evidence.scan import moment, scan_of, scanned_before_push
from gate.evidence.target import Look, Target

__all__ = [
    "STATUSES",
    "Advice",
    "BuildRisks",
    "Checks",
    "CountingScan",
    "EvidenceReader",
    "Identified",
    "Look",
    "Target",
    "Why",
    "choose",
    "identify",
    "image_of",
    "in_repository",
    "is_in_registry",
    "level_of",
    "moment",
    "read_checks",
    "scan_of",
    "scanned_before_push",
    "unscanned_by",
    "with_prefix",
]
