"""Build commands of all kinds, and the one instruction that each comes from."""

from __future__ import annotations

import pytest

from gate.checkout.dockerfile.matching import Matcher
from gate.untrusted import mask_secrets

FILE = r"""# syntax=docker/dockerfile:1
ARG TAG=3.20
FROM --platform=$BUILDPLATFORM golang:1 AS build
RUN --mount=type=cache,target=/var/cache/go go build \
    # where it goes
    -o /out/web

FROM alpine:${TAG}
arg VERSION=7
ARG FLAVOUR
ENV DB_PASSWORD="correct horse" MODE=fast
ENV LEGACY old style
ENV APP_VERSION=${VERSION}
ENV KIND=$FLAVOUR
ENV PATH="/opt/web/bin:$PATH"
LABEL org.example.version="$VERSION" org.example.vendor='Shop "Web"'
MAINTAINER Jane <jane@example.com>
RUN apk add   curl \
 && rm -rf /tmp/*
RUN apk add "tini=$VERSION" --repo ${REPO:-edge}
RUN ["/bin/busybox", "true", "a b"]
RUN <<EOF
apk add git
  echo done
EOF
RUN python3 <<EOF > /log
print("hi")
EOF
RUN <<-"EOF"
	#!/usr/bin/env python3
	EOF
WORKDIR /srv
WORKDIR web/
COPY --from=build --chown=web:web /out/web /usr/bin/
COPY site/*.html ./
COPY a.txt b.txt /data/
COPY conf-${VERSION} "/etc/web.d"
COPY <<-EOF /etc/motd
	hello
	EOF
ADD --checksum=sha256:00 https://example.com/x.tar.gz /opt
ADD rootfs.tar /
EXPOSE 80/tcp 8443-8445 53/UDP
VOLUME /data /cache
ONBUILD run make   all
STOPSIGNAL SIGTERM
SHELL ["/bin/ash", "-eo", "pipefail", "-c"]
RUN echo $HOME | tee /x
SHELL ["pwsh", "-NoLogo", "-Command", "$E = 'Stop';"]
RUN Get-Item .
HEALTHCHECK --interval=30s CMD curl -f "http://localhost/" || exit 1
USER web:web
ENTRYPOINT ["/sbin/tini", "--"]
CMD web --listen "$PORT"
"""


def line_of(beginning: str) -> int:
    lines = [number for number, line in enumerate(FILE.split("\n"), 1) if beginning in line]
    assert 1 == len(lines), beginning
    return lines[0]


@pytest.mark.parametrize(
    ("beginning", "command"),
    [
        # BuildKit
        ("go build", "RUN /bin/sh -c go build     -o /out/web # buildkit"),
        (
            "apk add   curl",
            "RUN |1 VERSION=7 /bin/sh -c apk add   curl  && rm -rf /tmp/* # buildkit",
        ),
        (
            "apk add   curl",
            "RUN |2 VERSION=7 FLAVOUR=a b /bin/sh -c apk add   curl  && rm -rf /tmp/*",
        ),
        ('"tini', 'RUN /bin/sh -c apk add "tini=$VERSION" --repo ${REPO:-edge} # buildkit'),
        ("busybox", "RUN /bin/busybox true a b # buildkit"),
        ("busybox", "RUN |2 VERSION=7 FLAVOUR= /bin/busybox true a b # buildkit"),
        ("RUN <<EOF", "RUN /bin/sh -c apk add git\n  echo done\n # buildkit"),
        ("python3 <<EOF", 'RUN /bin/sh -c python3 <<EOF > /log\nprint("hi")\nEOF # buildkit'),
        ('RUN <<-"EOF"', "RUN /bin/sh -c /dev/pipes/EOF # buildkit"),
        ("WORKDIR /srv", "WORKDIR /srv"),
        ("WORKDIR web/", "WORKDIR web"),
        ("--from=build", "COPY /out/web /usr/bin/ # buildkit"),
        ("--from=build", "COPY --chown=web:web --from=build /out/web /usr/bin/ # buildkit"),
        ("conf-", "COPY conf-7 /etc/web.d # buildkit"),
        ("conf-", "COPY conf-8 /etc/web.d # buildkit"),
        ("<<-EOF /etc", "COPY <<EOF /etc/motd # buildkit"),
        ("https:", "ADD https://example.com/x.tar.gz /opt # buildkit"),
        ("ENV DB_", "ENV DB_PASSWORD=correct horse MODE=fast"),
        ("ENV LEG", "ENV LEGACY=old style"),
        ("ENV PATH", "ENV PATH=/opt/web/bin:/usr/bin:/bin"),
        ("arg V", "ARG VERSION=7"),
        ("ARG FL", "ARG FLAVOUR"),
        ("LABEL", 'LABEL org.example.version=7 org.example.vendor=Shop "Web"'),
        ("EXPOSE", "EXPOSE [53/udp 80/tcp 8443-8445/tcp]"),
        ("EXPOSE", "expose 53/udp 8443-8445 80"),
        ("VOLUME", "VOLUME [/data /cache]"),
        ("ONBUILD", "ONBUILD RUN make   all"),
        ('SHELL ["/bin', "SHELL [/bin/ash -eo pipefail -c]"),
        ("tee", "RUN /bin/ash -eo pipefail -c echo $HOME | tee /x # buildkit"),
        ("Get-Item", "RUN pwsh -NoLogo -Command $E = 'Stop'; Get-Item . # buildkit"),
        (
            "HEALTHCHECK",
            (
                'HEALTHCHECK &{["CMD-SHELL" "curl -f \\"http://localhost/\\" || exit 1"] '
                '"30s" "0s" "0s" "0s" \'\\x00\'}'
            ),
        ),
        ("ENTRYPOINT", 'ENTRYPOINT ["/sbin/tini" "--"]'),
        ("CMD web", 'CMD ["/bin/sh" "-c" "web --listen \\"$PORT\\""]'),
        (
            "CMD web",
            'CMD ["pwsh" "-NoLogo" "-Command" "$E = \'Stop\';" "web --listen \\"$PORT\\""]',
        ),
        # the classic builder
        ("apk add   curl", "/bin/sh -c apk add   curl  && rm -rf /tmp/*"),
        ("apk add   curl", "|1 VERSION=7 /bin/sh -c apk add   curl  && rm -rf /tmp/*"),
        ("USER", "/bin/sh -c #(nop) USER web:web"),
        ("USER", "/bin/sh -c #(nop)  USER web:web"),
        ("ENV LEG", "/bin/sh -c #(nop)  ENV LEGACY=old style"),
        ("MAINTAINER", "/bin/sh -c #(nop)  MAINTAINER Jane <jane@example.com>"),
        ("ENTRYPOINT", '/bin/sh -c #(nop)  ENTRYPOINT ["/sbin/tini" "--"]'),
        ("tee", "/bin/ash -eo pipefail -c echo $HOME | tee /x"),
        ("Get-Item", "pwsh -NoLogo -Command $E = 'Stop'; Get-Item ."),
        ("USER", "cmd /S /C #(nop)  USER web:web"),
        # as written, as kaniko and the sandbox show it
        ("go build", "RUN --mount=type=cache,target=/var/cache/go go build -o /out/web"),
        ("apk add   curl", "RUN apk add curl \\\n && rm -rf /tmp/*"),
        ("CMD web", 'CMD web --listen "$PORT"'),
        ("CMD web", 'CMD ["web --listen \\"$PORT\\""]'),
        ("ENTRYPOINT", "ENTRYPOINT /sbin/tini --"),
        ("VOLUME", 'VOLUME ["/data", "/cache"]'),
        ("HEALTHCHECK", 'HEALTHCHECK CMD curl -f "http://localhost/" || exit 1'),
        ("ENV APP", "ENV APP_VERSION=${VERSION}"),
        ("FROM alpine", "FROM alpine:3.20"),
        ("FROM --platform", "FROM golang:1 AS build"),
        ("ENV LEG", "ENV LEGACY old style"),
        ("apk add   curl", "apk add curl && rm -rf /tmp/*"),
    ],
)
def test_a_command_comes_from_one_instruction(beginning: str, command: str) -> None:
    assert (line_of(beginning),) == Matcher(FILE).lines(mask_secrets(command))


@pytest.mark.parametrize(
    "command",
    [
        "",
        " \n",
        "USER root",
        "RUN apk add curl",
        "CMD web",
        "ENV PATH=/usr/bin:/bin",
        "ENV APP_VERSION=8",
        "ENV KIND=large MODE=fast",
        "ENV DB_PASSWORD=*** MODE=slow",
        "/bin/sh -c #(nop) ADD file:0123456789abcdef in / ",
        "/bin/sh -c #(nop) COPY file:0123456789abcdef in /data/ ",
        "RUN |3 VERSION=7 /bin/sh -c make # buildkit",
        "EXPOSE 80",
        "EXPOSE http",
        "HEALTHCHECK NONE",
        "ONBUILD ONBUILD ONBUILD RUN make",
        "bazel build ...",
    ],
)
def test_a_command_of_the_base_image_comes_from_none(command: str) -> None:
    assert () == Matcher(FILE).lines(mask_secrets(command))


@pytest.mark.parametrize(
    "command",
    [
        "ENV APP_VERSION=7",
        "ENV KIND=large",
        "/bin/sh -c #(nop) COPY multi:0123456789abcdef in ./ ",
        "/bin/sh -c #(nop) COPY multi:0123456789abcdef in /data/ ",
        "/bin/sh -c #(nop) COPY --chown=web:webfile:0123456789abcdef in /usr/bin/ ",
        "/bin/sh -c #(nop) ADD file:0123456789abcdef in /opt ",
        'RUN apk add "tini=7" --repo edge',
        "WORKDIR /srv/web",
        "EXPOSE map[53/udp:{} 80/tcp:{} 8443/tcp:{} 8444/tcp:{} 8445/tcp:{}]",
        "expose 53/udp 8443 8444 8445 80",
    ],
)
def test_what_only_a_builder_can_tell_has_no_line(command: str) -> None:
    assert () == Matcher(FILE).lines(command)


@pytest.mark.parametrize(
    ("expected", "instruction", "command"),
    [
        (True, r'CMD ["é \"a\"", "b\\tc"]', r'CMD ["é \"a\"" "b\\tc"]'),
        (False, r'CMD ["\u0041"]', 'CMD ["A"]'),
        (True, "EXPOSE 81 80/TCP", "EXPOSE map[80/tcp:{} 81/tcp:{}]"),
        (False, "EXPOSE 80-82 81-85", "EXPOSE map[80/tcp:{} 81/tcp:{} 82/tcp:{} 83-85/tcp:{}]"),
        (True, "EXPOSE $PORT 80", "EXPOSE 80 $PORT"),
        (True, "CMD []", "CMD []"),
        (True, "RUN [ -f /x ] && make", "/bin/sh -c [ -f /x ] && make"),
        (True, "RUN bash -c 'make'", "/bin/sh -c bash -c 'make'"),
        (True, 'RUN ["/bin/bash", "-c", "make"]', "RUN /bin/bash -c make # buildkit"),
        (True, "RUN make", "RUN cmd /S /C make # buildkit"),
        (True, "RUN make", "powershell -NoProfile -Command make"),
        (True, "HEALTHCHECK NONE", "/bin/sh -c #(nop)  HEALTHCHECK NONE"),
        (False, "RUN make", "RUN make all"),
        (False, "WORKDIR web", "WORKDIR /srv/web"),
        (False, "WORKDIR /srv\nWORKDIR web", "WORKDIR /srv/web"),
        (True, 'SHELL ["/odd", "-run"]\nRUN make', "RUN |1 A=b c /odd -run make # buildkit"),
        (False, "RUN make $X", "RUN make all && make install"),
    ],
)
def test_ways_of_writing_are_equal(expected: bool, instruction: str, command: str) -> None:  # noqa: FBT001 - a column
    assert expected == bool(Matcher(f"FROM alpine\n{instruction}\n").lines(command))


def test_flags_tell_instructions_apart_that_are_equal_otherwise() -> None:
    text = "FROM alpine\nCOPY --from=a /x /y\nCOPY --from=b /x /y\n"

    assert (3,) == Matcher(text).lines("COPY --from=b /x /y")
    assert (2, 3) == Matcher(text).lines("COPY /x /y # buildkit")
