"""What comes from outside: read it within bounds, and write it so that it does no harm."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gate.untrusted.escaping import (
    encodable,
    for_dotenv,
    for_html,
    for_json,
    for_markdown,
    for_sarif,
    for_terminal,
    for_workflow_data,
    for_workflow_property,
    for_xml,
    for_yaml,
    visible,
)
from gate.untrusted.secrets import Secret, forget_secrets, redact, redact_answer, remember_secret

if TYPE_CHECKING:
    from gate.untrusted.files import (
        LARGEST,
        START,
        Place,
        Unreadable,
        decoded,
        opened_file,
        read_file,
    )
    from gate.untrusted.masking import mask_secrets
    from gate.untrusted.yaml_tree import (
        LENIENT,
        STRICT,
        Fields,
        Grammar,
        Items,
        Node,
        Path,
        Scalar,
        Tree,
        parse_yaml,
    )

__all__ = [
    "LARGEST",
    "LENIENT",
    "START",
    "STRICT",
    "Fields",
    "Grammar",
    "Items",
    "Node",
    "Path",
    "Place",
    "Scalar",
    "Secret",
    "Tree",
    "Unreadable",
    "decoded",
    "encodable",
    "for_dotenv",
    "for_html",
    "for_json",
    "for_markdown",
    "for_sarif",
    "for_terminal",
    "for_workflow_data",
    "for_workflow_property",
    "for_xml",
    "for_yaml",
    "forget_secrets",
    "mask_secrets",
    "opened_file",
    "parse_yaml",
    "read_file",
    "redact",
    "redact_answer",
    "remember_secret",
    "visible",
]

# Who only prints reads no file. A clean image has nothing to mask: patterns take long to compile.
_LAZY = {
    **dict.fromkeys(("LARGEST", "START", "Place", "Unreadable", "decoded"), "files"),
    **dict.fromkeys(("opened_file", "read_file"), "files"),
    **dict.fromkeys(("LENIENT", "STRICT", "Fields", "Grammar", "Items", "Node"), "yaml_tree"),
    "mask_secrets": "masking",
    **dict.fromkeys(("Path", "Scalar", "Tree", "parse_yaml"), "yaml_tree"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - classes and functions
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
