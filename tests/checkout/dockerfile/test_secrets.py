"""Instructions with secrets, which are masked in findings."""

from __future__ import annotations

import pytest

from gate.checkout.dockerfile.matching import Matcher
from gate.untrusted import mask_secrets

FILE = """FROM alpine
ARG NPM_TOKEN
ARG API_KEY=kei6Ohng
ARG HOST=mirror.example.com
ENV NPM_TOKEN=$NPM_TOKEN
ENV API_KEY="${API_KEY}"
ENV DB_PASSWORD "correct horse battery"
ENV MODE=$MODE SECRET=tr0ub4dor
ENV URL=https://web:aiNg4ahj@$HOST/
RUN mysql -uroot -p'aiNg4ahj' -e "select 1" < init.sql
RUN mysql -uroot -p"aiNg4ahj" -e "select 2"
RUN curl -u me:hunter22 https://example.com/a
RUN curl -u me:hunter22 https://example.com/b
RUN ["curl", "-u", "me:hunter22", "https://example.com/c"]
CMD ["web", "--password", "aiNg4ahj"]
ENTRYPOINT web --token aiNg4ahj
LABEL auth_token='x y z' a=b
HEALTHCHECK CMD curl -H "Authorization: Bearer aiNg4ahj" localhost
"""


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (2, "ARG NPM_TOKEN=Bei3aeNg"),
        (3, "ARG API_KEY=another1"),
        (5, "ENV NPM_TOKEN=Bei3aeNg"),
        (6, "ENV API_KEY=another1"),
        (7, "ENV DB_PASSWORD=correct horse battery"),
        (7, "/bin/sh -c #(nop)  ENV DB_PASSWORD=correct horse battery"),
        (8, "ENV MODE=fast SECRET=tr0ub4dor"),
        (9, "ENV URL=https://web:aiNg4ahj@mirror.example.com/"),
        (9, "ENV URL=https://web:aiNg4ahj@other.example.com/"),
        (10, "RUN /bin/sh -c mysql -uroot -p'aiNg4ahj' -e \"select 1\" < init.sql # buildkit"),
        (11, '|1 NPM_TOKEN=Bei3aeNg /bin/sh -c mysql -uroot -p"aiNg4ahj" -e "select 2"'),
        (
            12,
            "RUN |2 NPM_TOKEN=Bei3aeNg API_KEY=x1y2 /bin/sh -c curl -u me:hunter22 https://example.com/a",
        ),
        (13, "/bin/sh -c curl -u me:hunter22 https://example.com/b"),
        (14, "RUN curl -u me:hunter22 https://example.com/c # buildkit"),
        (15, 'CMD ["web" "--password" "aiNg4ahj"]'),
        (15, "CMD web --password aiNg4ahj"),
        (16, 'ENTRYPOINT ["/bin/sh" "-c" "web --token aiNg4ahj"]'),
        (17, "LABEL auth_token=x y z a=b"),
        (
            18,
            (
                'HEALTHCHECK &{["CMD-SHELL" "curl -H \\"Authorization: Bearer aiNg4ahj\\"'
                ' localhost"] "0s" "0s" "0s" "0s" \'\\x00\'}'
            ),
        ),
    ],
)
def test_a_masked_command_comes_from_one_instruction(line: int, command: str) -> None:
    masked = mask_secrets(command)

    assert "***" in masked
    assert (line,) == Matcher(FILE).lines(masked)


def test_commands_that_only_secrets_tell_apart_fit_equally_well() -> None:
    text = "FROM alpine\nENV TOKEN=aiNg4ahj\nENV TOKEN=Bei3aeNg\n"

    assert (2, 3) == Matcher(text).lines("ENV TOKEN=***")


@pytest.mark.parametrize("twin", ["ENV TOKEN=$TOKEN", "ENV TOKEN=${A}b"])
def test_a_mask_may_stand_for_a_variable_s_value(twin: str) -> None:
    text = f"FROM alpine\nENV TOKEN=aiNg4ahj\n{twin}\n"

    assert (2, 3) == Matcher(text).lines("ENV TOKEN=***")


@pytest.mark.parametrize("command", ["ENV TOKENS=***", "ENV OTHER_SECRET=***", "RUN ***"])
def test_another_masked_command_comes_from_none(command: str) -> None:
    assert () == Matcher(FILE).lines(command)


def test_masking_stops_where_it_would_take_too_long() -> None:
    matcher = Matcher("".join(f"ENV TOKEN=aiNg4ahj{n} N={n}\n" for n in range(20_000)))

    assert (1,) == matcher.lines("ENV TOKEN=*** N=0")
    assert () == matcher.lines("ENV TOKEN=*** N=19999")
    assert (20_000,) == matcher.lines("ENV TOKEN=aiNg4ahj19999 N=19999")
