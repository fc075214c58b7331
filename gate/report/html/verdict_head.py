"""The head of the page: the verdict, unmistakable, before anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.report.html.icons import icon
from gate.report.html.images import full_name
from gate.report.html.markup import NOTHING, Markup, element, language, prose, word
from gate.report.wording import counted, is_let_through, short
from gate.verdict import Outcome

if TYPE_CHECKING:
    from gate.verdict import Verdict

_LET_THROUGH = "Let through by policy"


def title(verdict: Verdict) -> str:
    """Return the page's title, the verdict first, for it may be cut in a tab."""
    if len(verdict.images) == 1:
        about = short(verdict.images[0].reference)
    else:
        about = counted(len(verdict.images), "image")
    sandbox = "SANDBOX: " if verdict.service.sandbox else ""
    return f"{verdict.outcome.value.upper()}: {sandbox}{about}"


def head(verdict: Verdict) -> Markup:
    """Return the verdict in a word, a shape and a sentence, below the sandbox's banner."""
    let_through = verdict.outcome is Outcome.UNDECIDED and not verdict.exit_code
    badge = element("span", word(_LET_THROUGH), class_="let-through") if let_through else NOTHING
    said = _said(verdict)
    return element(
        "header",
        _sandbox(verdict),
        element(
            "div",
            icon(verdict.outcome),
            element(
                "div",
                element("h1", word(verdict.outcome.value.upper()), badge),
                _only_image(verdict),
                element("p", prose(said), class_="said", lang=language(said)),
                element("p", word(f"Exit code {int(verdict.exit_code)}"), class_="code"),
            ),
            class_=f"verdict {verdict.outcome.value}",
        ),
    )


def _sandbox(verdict: Verdict) -> Markup:
    if not verdict.service.sandbox:
        return NOTHING
    return element(
        "p",
        element("strong", word("SANDBOX")),
        word(" This verdict is about sample data, and says nothing about a real image."),
        class_="sandbox",
    )


def _only_image(verdict: Verdict) -> Markup:
    """Return the image's name where the verdict is about one."""
    if len(verdict.images) != 1:
        return NOTHING
    name = full_name(verdict.images[0])
    return element("p", element("code", prose(name)), class_="of")


def _said(verdict: Verdict) -> str:
    images = verdict.images
    if not images:
        return "No image was judged. Nothing judged is not a pass."
    if len(images) == 1:
        return images[0].message
    if verdict.outcome is Outcome.PASS:
        return f"All {len(images)} images passed, with evidence."
    numbers = {
        "blocked": sum(image.outcome is Outcome.BLOCK for image in images),
        "undecided": sum(
            image.outcome is Outcome.UNDECIDED and not is_let_through(image) for image in images
        ),
        "undecided and let through by policy": sum(map(is_let_through, images)),
        "passed": sum(image.outcome is Outcome.PASS for image in images),
    }
    told = ", ".join(f"{number} {what}" for what, number in numbers.items() if number)
    return f"Of {len(images)} images: {told}."
