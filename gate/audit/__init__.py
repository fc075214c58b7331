"""Judge every image that Security Center knows: by risk, not by image.

All lists are read once, whatever the number of images; single images are looked at one by one only
where the lists don't decide, and where a report shows their findings in full.
"""

from gate.audit.auditing import Means, audit
from gate.audit.compare import changes, read_earlier
from gate.audit.progress import Progress
from gate.audit.scope import Scope
from gate.audit.summary import summary

__all__ = ["Means", "Progress", "Scope", "audit", "changes", "read_earlier", "summary"]
