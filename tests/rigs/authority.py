"""Certificates of an authority made for the occasion."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path


class Authority:
    """An authority that only those trust who are told its file."""

    def __init__(self, folder: Path) -> None:
        self._made = trustme.CA()
        self.file = folder / "authority.pem"
        self._made.cert_pem.write_to_path(self.file)

    @property
    def trusted(self) -> dict[str, str]:
        """What makes a process trust it."""
        return {"SSL_CERT_FILE": str(self.file)}

    def server(self, *names: str, expired: bool = False) -> ssl.SSLContext:
        """Return the context of a server with these names."""
        past = datetime.now(UTC) - timedelta(days=1)
        certificate = self._made.issue_cert(*names, not_after=past if expired else None)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context
