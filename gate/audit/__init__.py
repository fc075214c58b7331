"""Judge every image that Security Center knows: by risk, not by image.

All lists are read once, whatever the number of images; single images are looked at one by one only
where the lists don't decide, and where a report shows their findings in full.
"""

from gate.audit.account import Headway, Scope
from gate.audit.auditing import audit
from gate.audit.compare import compared, read_earlier
from gate.audit.wording import summary

__all__ = ["Headway", "Scope", "audit", "compared", "read_earlier", "summary"]
