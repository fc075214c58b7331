"""The errors that Security Center answers with."""

from __future__ import annotations


class Refusal(Exception):
    """A request that is refused, with the status and code of the published reference.

    It never leaves the package: the server turns it into an answer. ``headers`` go with it.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


def body(refusal: Refusal, request_id: str, host: str) -> dict[str, object]:
    """Return the JSON body of a refusal."""
    return {
        "RequestId": request_id,
        "HostId": host,
        "Code": refusal.code,
        "Message": refusal.message,
        "Recommend": f"https://api.aliyun.com/troubleshoot?q={refusal.code}&product=Sas",
    }
