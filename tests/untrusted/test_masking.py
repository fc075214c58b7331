"""No secret of a build command survives, and nothing else is touched."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gate.untrusted import mask_secrets

HEX = "0123456789abcdef" * 2
WORD = "Ab3dEf6hIj9lMn2pQr5tUv8xYz1Cd4Fg7Jk0"

# Each command as it is, and as it is masked.
MASKED = [
    # instructions, in a Dockerfile and in a history
    ("ENV DB_PASSWORD=hunter2s PORT=80", "ENV DB_PASSWORD=*** PORT=80"),
    ("ENV PORT=80 DB_PASSWORD=hunter2s", "ENV PORT=80 DB_PASSWORD=***"),
    ("ENV DB_PASSWORD hunter2s and more", "ENV DB_PASSWORD ***"),
    ('ENV DB_PASSWORD "hunter2s and more"', 'ENV DB_PASSWORD "***"'),
    ('ENV DB_PASSWORD="my secret" PORT=80', 'ENV DB_PASSWORD="***" PORT=80'),
    ("ENV DB_PASSWORD=my\\ secret PORT=80", "ENV DB_PASSWORD=*** PORT=80"),
    ("ENV DB_PASSWORD=a&b;c|d(e) PORT=80", "ENV DB_PASSWORD=*** PORT=80"),
    ("ENV A=1 \\\n    TOKEN=abc \\\n    B=2", "ENV A=1 \\\n    TOKEN=*** \\\n    B=2"),
    ("ENV TOKEN=abc # buildkit", "ENV TOKEN=*** # buildkit"),
    ("ONBUILD ENV API_KEY=my secret", "ONBUILD ENV API_KEY=***"),
    ("ARG NPM_TOKEN=abc", "ARG NPM_TOKEN=***"),
    ("LABEL password=abc x=y", "LABEL password=*** x=y"),
    (
        "/bin/sh -c #(nop)  ENV API_KEY=my secret A=1",
        "/bin/sh -c #(nop)  ENV API_KEY=*** A=1",
    ),
    ("|1 TOKEN=abc def /bin/sh -c make", "|1 TOKEN=*** /bin/sh -c make"),
    ("RUN |2 A=b TOKEN=a b /bin/sh -c make", "RUN |2 A=b TOKEN=*** /bin/sh -c make"),
    ("RUN |1 TOKEN=a b", "RUN |1 TOKEN=***"),
    ("ENV PASS\\\nWORD=abc A=1", "ENV PASSWORD=*** A=1"),
    # addresses
    ("RUN git clone https://abc@github.com/a/b", "RUN git clone https://***@github.com/a/b"),
    ("RUN curl 'https://h/a?sv=1&sig=abc%3D&x=1'", "RUN curl 'https://h/a?sv=1&sig=***&x=1'"),
    ("RUN curl https://h/a?X-Amz-Signature=abc", "RUN curl https://h/a?X-Amz-Signature=***"),
    ("ENV DSN=u:abc@tcp(db:3306)/x", "ENV DSN=u:***@tcp(db:3306)/x"),
    # tools
    (
        "RUN dotnet nuget add source https://h -n a -u b -p abc --store",
        "RUN dotnet nuget add source https://h -n a -u b -p *** --store",
    ),
    ("RUN nuget setapikey abc -Source x", "RUN nuget setapikey *** -Source x"),
    ("RUN nuget.exe SetApiKey abc", "RUN nuget.exe SetApiKey ***"),
    (
        "RUN ConvertTo-SecureString 'abc' -AsPlainText -Force",
        "RUN ConvertTo-SecureString '***' -AsPlainText -Force",
    ),
    (
        "RUN ConvertTo-SecureString -AsPlainText -Force -String abc",
        "RUN ConvertTo-SecureString -AsPlainText -Force -String ***",
    ),
    ("RUN ssh-keygen -t rsa -N abc -f x", "RUN ssh-keygen -t rsa -N *** -f x"),
    ("RUN influx -username a -p abc", "RUN influx -username a -p ***"),
    ("RUN heroku auth:token abc", "RUN heroku auth:token ***"),
    ("RUN gem push a.gem --key abc", "RUN gem push a.gem --key ***"),
    ("RUN bundle config set --global h.io a:abc", "RUN bundle config set --global h.io a:***"),
    ("RUN bundle config h.io a:abc", "RUN bundle config h.io a:***"),
    ("RUN echo abc > /run/password", "RUN echo *** > /run/password"),
    ("RUN echo 'abc def' >>/x/db_password.txt", "RUN echo '***' >>/x/db_password.txt"),
    ("RUN printf '%s' abc | tee /a/token", "RUN printf '%s' *** | tee /a/token"),
    # shells
    ("RUN export TOKEN=abc && make", "RUN export TOKEN=*** && make"),
    ("RUN TOKEN='my secret' make", "RUN TOKEN='***' make"),
    ("RUN TOKEN=ab'c d'ef make", "RUN TOKEN=*** make"),
    ("RUN TOKEN=abc;make", "RUN TOKEN=***;make"),
    ("RUN TOKEN='my secret", "RUN TOKEN='***"),
    ("RUN TOKEN=${X:-abc} make", "RUN TOKEN=*** make"),
    ("RUN TOKEN=$(echo abc def) make", "RUN TOKEN=*** make"),
    ("RUN TOKEN=`echo abc` make", "RUN TOKEN=*** make"),
    ("RUN TOKEN='$ecret' make", "RUN TOKEN='***' make"),
    ("RUN TOKEN=$6$salt$hash make", "RUN TOKEN=*** make"),
    ('RUN sh -c "export TOKEN=\'my secret\' && make"', 'RUN sh -c "export TOKEN=\'***\' && make"'),
    ('RUN sh -c "TOKEN=\\"my secret\\" make"', 'RUN sh -c "TOKEN=\\"***\\" make"'),
    ("RUN echo don't; export TOKEN='my secret'", "RUN echo don't; export TOKEN='***'"),
    # the JSON form
    ('CMD ["sh", "-c", "export TOKEN=abc"]', 'CMD ["sh", "-c", "export TOKEN=***"]'),
    ('CMD ["x", "--password", "my secret", "y"]', 'CMD ["x", "--password", "***", "y"]'),
    ('CMD ["x", "--password=my secret", "y"]', 'CMD ["x", "--password=***", "y"]'),
    ('CMD ["mysql", "-pabc"]', 'CMD ["mysql", "-p***"]'),
    (
        '/bin/sh -c #(nop)  CMD ["x" "--password" "a b" "y"]',
        '/bin/sh -c #(nop)  CMD ["x" "--password" "***" "y"]',
    ),
    ('CMD ["curl", "-H", "X-Api-Key:abc", "h"]', 'CMD ["curl", "-H", "X-Api-Key:***", "h"]'),
    ('CMD ["env", "TOKEN=my secret", "x"]', 'CMD ["env", "TOKEN=***", "x"]'),
    # options, settings, files
    ('RUN export "TOKEN=my secret" A=1', 'RUN export "TOKEN=***" A=1'),
    ('RUN sh -ec "TOKEN=abc make all"', 'RUN sh -ec "TOKEN=*** make all"'),
    ("RUN echo 'password = abc def' > c.ini", "RUN echo 'password = ***' > c.ini"),
    ("RUN echo 'password= abc' > c.ini", "RUN echo 'password=***' > c.ini"),
    ("/bin/sh -c #(nop) ENV TOKEN=a #(nop) ENV B=c", "/bin/sh -c #(nop) ENV TOKEN=*** B=c"),
    ("RUN x --password abc y", "RUN x --password *** y"),
    ("RUN x --password=abc y", "RUN x --password=*** y"),
    ("RUN x --api-key 'a b' y", "RUN x --api-key '***' y"),
    ("RUN x --token:abc /password:abc y", "RUN x --token:*** /password:*** y"),
    ("RUN setx /M API_KEY 'a b'", "RUN setx /M API_KEY '***'"),
    ("RUN npm set //r.example/:_authToken abc", "RUN npm set //r.example/:_authToken ***"),
    ("RUN poetry config http-basic.r user abc", "RUN poetry config http-basic.r user ***"),
    ("RUN poetry config pypi-token.r abc", "RUN poetry config pypi-token.r ***"),
    ("RUN composer config -g github-oauth.h abc", "RUN composer config -g github-oauth.h ***"),
    ("RUN echo 'requirepass abc' > redis.conf", "RUN echo 'requirepass ***' > redis.conf"),
    ("RUN sed 's/requirepass a/requirepass b/' f", "RUN sed 's/requirepass *** ***' f"),
    ("RUN java -Dspring.datasource.password=abc", "RUN java -Dspring.datasource.password=***"),
    (
        "RUN npm config set //r.example/:_authToken abc",
        "RUN npm config set //r.example/:_authToken ***",
    ),
    (
        "RUN echo '//r.example/:_authToken=abc' > .npmrc",
        "RUN echo '//r.example/:_authToken=***' > .npmrc",
    ),
    (
        "RUN aws configure set aws_secret_access_key ab/c+d",
        "RUN aws configure set aws_secret_access_key ***",
    ),
    ("RUN echo 'machine h login u password abc'", "RUN echo 'machine h login u password ***'"),
    ('RUN echo "password: abc" > c.yaml', 'RUN echo "password: ***" > c.yaml'),
    ('{"auths":{"h":{"auth":"dTpw"}}}', '{"auths":{"h":{"auth":"***"}}}'),
    ("CREATE USER u IDENTIFIED BY 'my pw'", "CREATE USER u IDENTIFIED BY '***'"),
    ("SET PASSWORD FOR u = PASSWORD('my pw')", "SET PASSWORD FOR u = PASSWORD('***')"),
    ("RUN curl 'https://h/?token=abc&x=1'", "RUN curl 'https://h/?token=***&x=1'"),
    # tools
    ("RUN mysql -u root -pabc -h db", "RUN mysql -u root -p*** -h db"),
    ("RUN mysql -p 'a b' db", "RUN mysql -p '***' db"),
    ("RUN mysqladmin -u root password abc", "RUN mysqladmin -u root password ***"),
    ("RUN docker login -u u -p abc r.example", "RUN docker login -u u -p *** r.example"),
    ("RUN curl -u user:abc https://h", "RUN curl -u user:*** https://h"),
    ("RUN curl -fsSLu 'user:a b' https://h", "RUN curl -fsSLu 'user:***' https://h"),
    ("RUN curl -u abc: https://h", "RUN curl -u ***: https://h"),
    ("RUN curl --user user:abc https://h", "RUN curl --user user:*** https://h"),
    ("RUN redis-cli -a abc ping", "RUN redis-cli -a *** ping"),
    ("RUN sshpass -p abc ssh h", "RUN sshpass -p *** ssh h"),
    ("RUN ossutil64 config -i abc -k def", "RUN ossutil64 config -i *** -k ***"),
    ("RUN openssl enc -aes256 -k abc -in f", "RUN openssl enc -aes256 -k *** -in f"),
    ("RUN rabbitmqctl add_user u abc", "RUN rabbitmqctl add_user u ***"),
    ("RUN net user u abc /add", "RUN net user u *** /add"),
    ("RUN mc alias set x https://h k abc", "RUN mc alias set x https://h k ***"),
    ("RUN rclone config create x s3 s3_pass abc", "RUN rclone config create x s3 s3_pass ***"),
    ("RUN vault login abc && twine upload -p abc", "RUN vault login *** && twine upload -p ***"),
    ("RUN curl -b 'sid=a b' -b jar h", "RUN curl -b 'sid=***' -b jar h"),
    ("RUN lftp -u user,abc h", "RUN lftp -u user,*** h"),
    ("RUN smbclient -U 'user%a b' //h/x", "RUN smbclient -U 'user%***' //h/x"),
    ("RUN htpasswd -nb user abc > f", "RUN htpasswd -nb user *** > f"),
    ("RUN htpasswd -cb f user abc", "RUN htpasswd -cb f user ***"),
    ("RUN openssl rsa -passin pass:abc", "RUN openssl rsa -passin pass:***"),
    (
        "RUN echo abc | docker login -u u --password-stdin",
        "RUN echo *** | docker login -u u --password-stdin",
    ),
    ("RUN echo 'root:a b' | chpasswd", "RUN echo 'root:***' | chpasswd"),
    ("RUN (echo abc; echo abc) | passwd u", "RUN (echo ***; echo ***) | passwd u"),
    ("RUN { echo u:abc; echo v:def; } | chpasswd", "RUN { echo u:***; echo v:***; } | chpasswd"),
    ("RUN yes abc | passwd u", "RUN yes *** | passwd u"),
    ("RUN chpasswd <<< 'u:a b'", "RUN chpasswd <<< 'u:***'"),
    ("RUN gh auth login --with-token <<< abc", "RUN gh auth login --with-token <<< ***"),
    ("RUN printf '%s' abc | passwd --stdin u", "RUN printf '%s' *** | passwd --stdin u"),
    # URLs and headers
    ("RUN git clone https://user:abc@h/x", "RUN git clone https://user:***@h/x"),
    ("ENV CACHE=redis://:abc@h:6379/0", "ENV CACHE=redis://:***@h:6379/0"),
    ("RUN psql postgres://u:p@ss@h/db", "RUN psql postgres://u:***@h/db"),
    ("RUN psql postgres://u:p/ss@h/db", "RUN psql postgres://u:***@h/db"),
    ("RUN git clone https://abc:x-oauth-basic@h/x", "RUN git clone https://***:***@h/x"),
    ("RUN curl https://abc:@h/x", "RUN curl https://***:@h/x"),
    (f"RUN git clone https://{HEX}@h/x", "RUN git clone https://***@h/x"),
    ('RUN curl -H "Authorization: Bearer abc def" h', 'RUN curl -H "Authorization: Bearer ***" h'),
    ("RUN curl -H 'Authorization: Basic dTpw' h", "RUN curl -H 'Authorization: Basic ***' h"),
    ("RUN curl -H Authorization:abc h", "RUN curl -H Authorization:*** h"),
    ("RUN curl -H 'X-Api-Key: abc' h", "RUN curl -H 'X-Api-Key: ***' h"),
    ("RUN curl -H 'X-Auth-Token:a b' h", "RUN curl -H 'X-Auth-Token:***' h"),
    ("RUN curl --header=Private-Token:abc h", "RUN curl --header=Private-Token:*** h"),
    ("RUN curl -b 'Cookie: a=b; c=d' h", "RUN curl -b 'Cookie: ***' h"),
    ("RUN x 'bearer ABC123def'", "RUN x 'bearer ***'"),
    # keys
    (
        "RUN echo '-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----' > k",
        "RUN echo '***' > k",
    ),
    ("RUN echo '-----BEGIN OPENSSH PRIVATE KEY-----\\nabc", "RUN echo '***"),
    ("bc+d\n/ef=\n-----END PRIVATE KEY----- > k", "*** > k"),
    ("-----BEGIN PGP PRIVATE KEY BLOCK-----\nx\n-----END PGP PRIVATE KEY BLOCK-----", "***"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "expected"), MASKED)
def test_secrets_are_masked(command: str, expected: str) -> None:
    assert expected == mask_secrets(command)
    assert expected == mask_secrets(expected)


TOKENS = [
    "AKIA" + WORD[:16].upper(), "LTAI5t" + WORD[:18], "STS." + WORD[:24], "AKID" + WORD[:32],
    "ghp_" + WORD, "gho_" + WORD, "ghs_" + WORD, "github_pat_" + WORD, "glpat-" + WORD[:20],
    "glrt-" + WORD[:20], "xoxb-123456789012-" + WORD[:24], "xapp-1-" + WORD[:24],
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + WORD, "eyJhbGciOiJIUzI1NiJ9", "npm_" + WORD,
    "pypi-AgEIcHlwaS5vcmcC" + WORD, "AIza" + WORD[:35], "GOCSPX-" + WORD[:28], "ya29." + WORD,
    "sk_live_" + WORD[:24], "rk_test_" + WORD[:24], "whsec_" + WORD, "sk-" + WORD,
    "sk-proj-" + WORD, "sk-ant-api03-" + WORD, "hf_" + WORD, "dop_v1_" + HEX * 2,
    "dckr_pat_" + WORD[:27], "hvs." + WORD, "SG." + WORD[:22] + "." + WORD,
    "AGE-SECRET-KEY-1" + WORD.upper(), "shpat_" + HEX, "glsa_" + WORD, "dapi" + HEX,
    "rubygems_" + HEX, "ATATT3" + WORD, "sntrys_" + WORD, "SK" + HEX,
    "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ==",
]  # fmt: skip


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize(
    "command",
    ["RUN x {} y", 'CMD ["x", "{}"]', "RUN x=%3D{}", "RUN printf 'a\\n{}\\n'", "ENV X={}", "{}"],
)
def test_tokens_are_masked_wherever_they_stand(token: str, command: str) -> None:
    masked = mask_secrets(command.format(token))

    assert token[6:] not in masked
    assert masked.startswith(command.partition("{}")[0])


def test_webhooks_are_masked() -> None:
    hook = "https://hooks.slack.com/services/T00000000/B00000000/abcdefghijkl"

    assert "curl https://hooks.slack.com/services/*** -d x" == mask_secrets(f"curl {hook} -d x")


@pytest.mark.parametrize(
    "command",
    [
        "",
        '/bin/sh -c #(nop)  CMD ["nginx" "-g" "daemon off;"]',
        "RUN apt-get update && apt-get install -y --no-install-recommends curl # buildkit",
        "ENV PATH=/usr/bin:/bin TOKENIZERS_PARALLELISM=false KEYBOARD=us PWD=/app OLDPWD=/",
        "ENV GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568 PYTHON_VERSION=3.11.4",
        "ENV AUTHOR=me SSH_AUTH_SOCK=/run/agent PASSWORD_FILE=/run/secrets/db MONKEY=1",
        "ENV TASK=a MASK=b DISK=c SKIP=d KEY_ID=e PUBLIC_APP_KEY=f",
        "ENV MAX_TOKENS=4096 TOKEN_URL=https://h/token USE_AUTH=true NO_AUTH=x PUBLIC_KEY=abc",
        'RUN echo "token=$TOKEN is set" && sh -c "TOKEN=$TOKEN make"',
        "ENV MYSQL_ALLOW_EMPTY_PASSWORD=yes AUTH=none EMPTY_PASSWORD= X=1",
        "ARG TOKEN",
        "ARG TOKEN PORT",
        "RUN TOKEN=$TOKEN PASSWORD=${PASSWORD} make",
        "RUN x --password $PASSWORD --token=\"${TOKEN}\" --secret '$SECRET' -p \"$1\"",
        "RUN TOKEN=$(cat /run/secrets/token) make",
        "RUN TOKEN=`cat /run/secrets/token` make",
        'RUN TOKEN=${TOKEN:?it must be set} AUTH="$USER:$PASS" make',
        'RUN git clone https://${USER}:${TOKEN}@h/x && curl -H "Authorization: Bearer $TOKEN" h',
        'RUN curl -u "$USER:$PASSWORD" https://h -u user',
        "RUN --mount=type=secret,id=npm_token,target=/home/me/.npmrc npm ci",
        "RUN docker build --secret id=token,src=token . && docker run -p 80:80 -v a:b x",
        "RUN docker login -u u --password-stdin < /run/secrets/token",
        "RUN pip install PyJWT==2.8.0 && curl -sk https://h && curl -H Accept:text/plain h",
        "RUN git config --global credential.helper store && docker run -v /token:/token x",
        'RUN curl -b jar -b "sid=$SID" h && yes | apt-get install x && (echo a) | tee b',
        "RUN chpasswd <<< $USERS && redis-server --requirepass $PASS && passwd -d root",
        'HEALTHCHECK &{["CMD-SHELL" "curl -f http://localhost/ || exit 1"] "30s" "3s"}',
        "RUN pip install token-bucket==1.0 && mkdir -p /auth/token",
        "RUN curl https://host:8080/a@v1 && curl http://user@h/ && mysql -h db -P 3306",
        "RUN ssh git@h.example:x/y && echo bearer authentication is required",
        'LABEL maintainer="Me <me@h.example>" org.opencontainers.image.source=https://h/x',
        "COPY --from=build /secret/token.go /app/password.py",
        "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t -----BEGIN CERTIFICATE----- abc",
        "RUN echo hello | tee x && printf 'a:b' > y && sk-learn eyJ npm_config_x pypi-server",
    ],
)  # fmt: skip
def test_what_is_no_secret_stays(command: str) -> None:
    assert command == mask_secrets(command)


NAMES = st.sampled_from(
    ["PASSWORD", "DB_PASSWD", "MYSQL_PWD", "PGPASSWORD", "SECRET_KEY_BASE", "AWS_SECRET_ACCESS_KEY",
     "ACCESS_KEY_ID", "NPM_TOKEN", "GITHUB_TOKEN_2", "apiKey", "api_key", "APIKEY", "authToken",
     "CREDENTIALS", "PRIVATE_KEY", "BASIC_AUTH", "JWT", "GITHUB_PAT", "DB_PASS", "passphrase",
     "client-secret", "spring.mail.password", "APP_KEY", "API_TOKENS", "AUTH_HEADER"]
)  # fmt: skip
VARIABLES = NAMES.filter(lambda name: name.replace("_", "").isalnum())
# Characters that a shell takes as they are; those that need quotes; those that end a word.
BARE = st.text(st.sampled_from("abcXYZ0189+/=._~%^*,:@#!?-"), min_size=6, max_size=24).filter(
    lambda text: text[0] not in "-=#:" and not text.startswith("==")
)
QUOTABLE = st.text(
    st.sampled_from("abcXYZ019 +/=._-@#;&|()<>[]{}!,:"), min_size=6, max_size=24
).filter(lambda text: text == text.strip() and text[0] not in "-=:,")

SHAPES = [
    "ENV {name}={bare}", "ENV {name} {bare}", "ENV {name}='{quoted}' PORT=80",
    'ENV A=1 {name}="{quoted}"', "ARG {name}={bare}", "RUN export {name}={bare} && make",
    "RUN export {name}='{quoted}'", "RUN {name}={bare} make install",
    'RUN {name}="{quoted}" make', "|1 {name}={bare} /bin/sh -c make",
    "RUN |2 A=b {name}={bare} /bin/sh -c make # buildkit",
    "/bin/sh -c #(nop)  ENV {name}={bare}", "/bin/sh -c #(nop)  ARG {name}={bare}",
]  # fmt: skip
SHELL = [shape for shape in SHAPES if shape.startswith(("RUN export", "RUN {name}"))]
OPTIONS = [
    "RUN x --{option} {bare}", "RUN x --{option}={bare} y", "RUN x --{option} '{quoted}' y",
    'RUN x --{option}="{quoted}"', "RUN mysql -p{bare} db", "RUN mysql -p '{quoted}' db",
    "RUN docker login -u u -p {bare} h", "RUN curl -u user:{bare} https://h",
    "RUN curl -H 'Authorization: Bearer {bare}' h", 'RUN curl -H "Authorization: {quoted}" h',
]  # fmt: skip


def assert_masked(command: str, secret: str) -> None:
    masked = mask_secrets(command)

    assert secret not in masked
    assert "***" in masked
    assert masked == mask_secrets(masked)


@given(st.sampled_from(SHAPES), VARIABLES, BARE, QUOTABLE)
@settings(max_examples=100, deadline=None)
def test_no_assigned_secret_survives(shape: str, name: str, bare: str, quoted: str) -> None:
    assume("***" not in bare)
    command = shape.format(name=name, bare=bare, quoted=quoted)

    assert_masked(command, bare if "{bare}" in shape else quoted)


@given(st.sampled_from(OPTIONS), NAMES, BARE, QUOTABLE)
@settings(max_examples=100, deadline=None)
def test_no_secret_of_an_option_survives(shape: str, name: str, bare: str, quoted: str) -> None:
    assume("***" not in bare)
    option = name.lower().replace("_", "-")
    command = shape.format(option=option, bare=bare, quoted=quoted)

    assert_masked(command, bare if "{bare}" in shape else quoted)


@given(st.sampled_from(SHELL), VARIABLES, BARE, QUOTABLE)
@settings(max_examples=100, deadline=None)
def test_no_secret_survives_in_a_json_string(shape: str, name: str, bare: str, quoted: str) -> None:
    assume("***" not in bare)
    inner = shape.format(name=name, bare=bare, quoted=quoted).removeprefix("RUN ")

    assert_masked(f"CMD {json.dumps(['sh', '-c', inner])}", bare if "{bare}" in shape else quoted)


@given(
    st.text(st.sampled_from("abz019")), st.text(st.sampled_from("abz019@!")).filter(bool),
    st.sampled_from(["https", "redis", "postgresql+psycopg"]),
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_no_password_of_a_url_survives(user: str, password: str, scheme: str) -> None:
    password = f"Qx{password}"
    assert_masked(f"RUN x {scheme}://{user}:{password}@h.example:80/x y", password)


PIECES = st.sampled_from(
    ["ENV ", "ARG ", "RUN ", "TOKEN", "=", ":", " ", '"', "'", "\\", "\n", "password", "--token",
     "-p", "mysql", "docker login", "curl -u ", "https://", "@", "$X", "${X}", "$(", ")", "***",
     "Authorization: ", "Bearer ", "|1 ", "/bin/sh", "echo ", "| chpasswd",
     "-----BEGIN PRIVATE KEY-----",
     "-----END PRIVATE KEY-----", "ghp_" + WORD, "eyJhbGciOiJIUzI1NiJ9.", "[", "]", ",", "{", "}",
     "#(nop)", "pass:", "abc", "config set ", "&&", ";"]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=3), max_size=25).map("".join))
@settings(max_examples=100, deadline=None)
def test_masking_twice_is_masking_once(text: str) -> None:
    masked = mask_secrets(text)

    assert masked == mask_secrets(masked)


@given(
    st.lists(st.sampled_from(["RUN", "make", "-j4", "/app", "a.b", "x=1", "&&", "|", "CMD", "中"]))
)
@settings(max_examples=100, deadline=None)
def test_commands_without_secrets_are_unchanged(words: list[str]) -> None:
    assert " ".join(words) == mask_secrets(" ".join(words))


@pytest.mark.parametrize("name", ["ALIYUN_AK", "ALIYUN_SK", "AK", "SK"])
def test_access_keys_are_masked_by_the_names_that_users_give_them(name: str) -> None:
    assert f"ENV {name}=***" == mask_secrets(f"ENV {name}=abc")


@pytest.mark.parametrize(
    "piece",
    [
        "cookie:", "pass:", "pass:'", "authorization:'", "eyJaaaaaaaaaa.-", '-p"', "-ua:'",
        "(echo a;", "echo '", "chpasswd <<<", "-H X-Token:", "/token:", "requirepass ",
        "a", " ", "\\", "=", "-", "token=", 'token="', "token='x ", 'token=\\"', "://a:b",
        "://a:b@",
        "ENV A=b ", "ENV TOKEN a\n", "|1 A=b ", "--token ", '--token","', "mysql -p ", "echo x|",
        "token=$(", "token=${a", "token=$a", "eyJ", "eyJaaaaaaaaaa.", "authorization: ",
        "config set ",
        "-----BEGIN PRIVATE KEY-----", "a-----END PRIVATE KEY-----", "htpasswd -n a ", "curl -u a:",
        "identified with x by ", "login a password ", "\\\n", '","',
    ],
)  # fmt: skip
def test_time_grows_with_the_length_only(piece: str) -> None:
    prefixed = piece.startswith("-")

    def seconds(length: int) -> float:
        text = "mysql curl " * prefixed + piece * (length // len(piece))
        start = time.process_time()
        mask_secrets(text)
        return time.process_time() - start

    # Quadratic time would make the larger text take 100 times as long, and minutes for a megabyte.
    small = max(seconds(10_000), 0.005)
    assert seconds(100_000) < 40 * small


def test_a_long_command_is_cut_and_masked_within_seconds() -> None:
    begin = time.monotonic()
    masked = mask_secrets("RUN x --password hunter2 && " * 120_000 + " ghp_")
    assert time.monotonic() - begin < 10
    assert "hunter2" not in masked
    assert masked.endswith(" […]")
    assert len(masked) <= 64 * 1024
    assert masked == mask_secrets(masked)


def test_no_part_of_a_secret_is_left_where_a_command_is_cut() -> None:
    for length in range(65_500, 65_540, 4):
        assert "ghp_" not in mask_secrets(f"{'a' * (length - 1)} ghp_{WORD} {'b' * 99}")
