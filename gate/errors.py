"""What can go wrong with a run, each with the exit code that it ends in.

GateError
├── UsageError              2   the caller's mistake: nothing was asked of Security Center
│   ├── InvalidReference        a text that names no image
│   ├── InvalidPolicy           a policy file that can't be read, or that isn't valid
│   └── InvalidCases            a case file that can't be read, or that isn't valid
├── AccessError             4   somebody has to grant something
│   ├── NoCredentials           none found, or the ones that are configured can't be had
│   ├── CredentialsRefused      Security Center doesn't accept them
│   └── PermissionMissing       they lack a RAM permission, which ``action`` names
├── ServiceError            5   trouble that may pass, or an answer that makes no sense
│   ├── ServiceUnreachable      no connection: refused, no such host, TLS, a proxy
│   ├── ServiceFailing          throttled, failing or silent until the deadline
│   └── AnswerUnreadable        bytes that are not what the reference describes
├── ReportUnwritable        5   a report file that can't be written
└── PolicyUnwritable        5   a policy file that can't be cut or written, and is as it was

What goes wrong with *one image* is not an exception but ``Unscanned(reason)`` in findings.py.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """The exit codes of the command line; they are a contract with every pipeline."""

    PASSED = 0
    DEFECT = 1
    USAGE = 2
    UNDECIDED = 3
    ACCESS = 4
    SERVICE = 5
    BLOCKED = 10
    INTERRUPTED = 130
    TERMINATED = 143


class GateError(Exception):
    """A trouble that the gate expects: what happened, and what to do about it.

    ``remedy`` is one or more sentences for the person who reads the log. Neither text ever holds a
    secret; both may hold untrusted text, so each sink escapes them.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.DEFECT

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()


class UsageError(GateError):
    """The caller's mistake, found before anything was asked of Security Center."""

    exit_code = ExitCode.USAGE


class InvalidReference(UsageError):
    """A text that names no image the gate could ask about."""


class InvalidPolicy(UsageError):
    """A policy file that can't be read, or whose content isn't a valid policy.

    ``message`` lists every problem, one a line, each as ``file:line:column: text``.
    """


class InvalidCases(UsageError):
    """A case file that can't be read, or whose content isn't valid; ``message`` as of a policy."""


class AccessError(GateError):
    """Credentials or permissions are lacking; trying again doesn't help."""

    exit_code = ExitCode.ACCESS


class NoCredentials(AccessError):
    """No credentials were found, or the configured source can't hand them out."""


class CredentialsRefused(AccessError):
    """Security Center doesn't accept the credentials."""


class PermissionMissing(AccessError):
    """The credentials lack a RAM permission.

    ``action`` is its full name, such as ``yundun-sas:DescribeImageInstances``.
    """

    def __init__(self, action: str, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.action = action


class ServiceError(GateError):
    """Security Center, or the way to it, is in trouble."""

    exit_code = ExitCode.SERVICE


class ServiceUnreachable(ServiceError):
    """No answer at all: refused, no such host, TLS failure, or a proxy in between."""


class ServiceFailing(ServiceError):
    """Throttling, server errors or silence until there was no time left."""


class AnswerUnreadable(ServiceError):
    """An answer that isn't what the published reference describes."""


class ReportUnwritable(GateError):
    """A report could not be written; the verdict stands all the same."""

    exit_code = ExitCode.SERVICE


class PolicyUnwritable(GateError):
    """A policy file could not be cut, or not be written; it is as it was."""

    exit_code = ExitCode.SERVICE
