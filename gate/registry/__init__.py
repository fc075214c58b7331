"""A client for OCI registries: which digest does a tag have, and what is inside an index."""

from __future__ import annotations

from gate.registry.client import Platform, Registry, Resolved, Unresolved

__all__ = ["Platform", "Registry", "Resolved", "Unresolved"]
