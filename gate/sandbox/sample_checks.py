"""The checks that a local Security Center knows: keys, classes and their words in two languages."""

from __future__ import annotations

import msgspec


class Bilingual(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One text in the two languages that Security Center answers in."""

    en: str = ""
    zh: str = ""

    def of(self, lang: str) -> str:
        """Return the text in a language, ``en`` or ``zh``; the other one where it lacks."""
        return (self.en or self.zh) if lang == "en" else (self.zh or self.en)


class RiskClass(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A class of checks."""

    key: str
    name: Bilingual = Bilingual()


class SampleCheck(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One check: what a scan may look for, if it is ``selected``."""

    key: str
    risk_class: str = "other"
    name: Bilingual = Bilingual()
    level: str = "medium"
    description: Bilingual = Bilingual()
    advice: Bilingual = Bilingual()
    prompt: Bilingual = Bilingual()
    selected: bool = True


CLASSES = (
    RiskClass(key="other", name=Bilingual("Other", "其他")),
    RiskClass(key="sensitive", name=Bilingual("Sensitive data", "敏感信息")),
    RiskClass(key="package", name=Bilingual("Package installation", "软件包安装")),
    RiskClass(key="network", name=Bilingual("Network exposure", "网络暴露")),
)


def _check(  # noqa: PLR0913 - one column each of the table below
    key: str,
    risk_class: str,
    level: str,
    name: tuple[str, str],
    advice: tuple[str, str],
    *,
    selected: bool = True,
) -> SampleCheck:
    return SampleCheck(
        key=key,
        risk_class=risk_class,
        level=level,
        name=Bilingual(*name),
        description=Bilingual(
            f"The build command shows: {name[0].lower()}.", f"构建指令存在风险【{name[1]}】。"
        ),
        advice=Bilingual(*advice),
        prompt=Bilingual("Rebuild the image after the change.", "修改后请重新构建镜像。"),
        selected=selected,
    )


CHECKS = (
    _check(
        "no_user",
        "other",
        "high",
        ("Container runs as root", "容器以 root 用户运行"),
        ("Add a USER instruction with an unprivileged user.", "请使用 USER 指令指定普通用户。"),
    ),
    _check(
        "env_secret",
        "sensitive",
        "high",
        ("Secret in an environment variable", "环境变量中存在敏感信息"),
        ("Pass secrets when the container starts.", "请在容器启动时传入敏感信息。"),
    ),
    _check(
        "curl_pipe",
        "package",
        "medium",
        ("Downloaded script is run unseen", "直接执行下载的脚本"),
        ("Download, verify the checksum, then run.", "请先下载并校验后再执行。"),
    ),
    _check(
        "sudo",
        "other",
        "medium",
        ("sudo in a build command", "构建指令中使用 sudo"),
        ("Switch users with USER.", "请使用 USER 指令切换用户。"),
    ),
    _check(
        "expose_ssh",
        "network",
        "medium",
        ("SSH port is exposed", "暴露 SSH 端口"),
        ("Remove EXPOSE 22.", "请删除 EXPOSE 22。"),
    ),
    _check(
        "chmod_777",
        "other",
        "medium",
        ("Files writable by everyone", "文件对所有用户可写"),
        ("Grant the narrowest mode that works.", "请授予最小权限。"),
    ),
    _check(
        "add",
        "other",
        "low",
        ("ADD instead of COPY", "使用 ADD 代替 COPY"),
        ("Use COPY for local files.", "本地文件请使用 COPY。"),
    ),
    _check(
        "apk",
        "package",
        "low",
        ("apk keeps its cache", "apk 未清理缓存"),
        ("Add --no-cache to apk add.", "请为 apk add 添加 --no-cache。"),
    ),
    _check(
        "apt_cache",
        "package",
        "low",
        ("apt keeps its lists", "apt 未清理软件源列表"),
        ("Delete the package lists in the same RUN.", "请在同一 RUN 中删除软件源列表。"),
    ),
    _check(
        "yum_cache",
        "package",
        "low",
        ("yum keeps its cache", "yum 未清理缓存"),
        ("End the command with yum clean all.", "请在指令末尾执行 yum clean all。"),
        selected=False,
    ),
    _check(
        "maintainer",
        "other",
        "low",
        ("Deprecated MAINTAINER", "使用已弃用的 MAINTAINER"),
        ("Use a LABEL.", "请改用 LABEL。"),
        selected=False,
    ),
)
