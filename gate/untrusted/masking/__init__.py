"""Mask secrets in build commands before anything else sees them."""

__all__ = ["mask_secrets"]


def mask_secrets(text: str) -> str:
    """Return the text with ``***`` for each secret that it seems to hold.

    References such as ``$TOKEN`` stay. Masking what is masked changes nothing.
    """
    # Its patterns take long to compile, and a clean image has nothing to mask.
    from gate.untrusted.masking.detectors import masked  # noqa: PLC0415

    return masked(text)
