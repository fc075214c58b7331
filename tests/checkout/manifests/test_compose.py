from __future__ import annotations

from tests.checkout.manifests.finding import HOST, images, names, read_text


def test_services_name_images_and_image_volumes() -> None:
    text = f"""
        name: shop
        services:
          web:
            image: {HOST}/shop/web:1.4
            build: .
          db:
            image: postgres
            volumes: &volumes
              - data:/var
              - {{type: image, source: "{HOST}/shop/data:1", target: /d}}
              - {{type: bind, source: ./image, target: /e}}
          again:
            image: postgres
            volumes: *volumes
          odd: text
          scaled: {{deploy: {{replicas: 2}}}}
        networks: {{image: {{name: n, tag: x}}}}
        x-unused: {{image: no}}
    """
    assert [
        (f"{HOST}/shop/web:1.4", 4, "service web"),
        ("postgres", 7, "service db"),
        (f"{HOST}/shop/data:1", 10, "service db, image volume"),
        ("postgres", 13, "service again"),
    ] == images(text, "compose.yaml")


def test_defaults_of_variables_are_filled_in_and_others_stay() -> None:
    text = """
        services:
          a: {image: "${REGISTRY:-harbor.example.com}/shop/web:${TAG-1.4}"}
          b: {image: "shop/web:$TAG"}
    """
    assert ["harbor.example.com/shop/web:1.4", "shop/web:$TAG"] == names(text)


def test_services_share_what_an_extension_holds() -> None:
    text = """
        x-web: &web
          image: shop/web:1.4
        services:
          a: {<<: *web, command: a}
          b: {<<: [*web], command: b}
    """
    assert [("shop/web:1.4", 2, "service a"), ("shop/web:1.4", 2, "service b")] == images(text)


def test_what_is_only_built_is_told_and_what_is_elsewhere_is_unread() -> None:
    result = read_text("""
        include: [more.yaml, {path: [most.yaml]}]
        services:
          a: {build: .}
          b: {extends: {file: other.yaml, service: b}}
          c: {extends: a}
    """)
    assert ("app.yaml:3: service a is built and names no image; skipped",) == result.notes
    assert [
        (1, "includes more.yaml, which can't be read here"),
        (1, "includes most.yaml, which can't be read here"),
        (4, "extends a service of other.yaml, which can't be read here"),
    ] == [(unread.line, unread.why) for unread in result.unread]
    assert "docker compose config | gate manifests -" in result.unread[0].remedy


def test_other_keys_beside_services_are_read_as_values() -> None:
    text = """
        services: {a: {image: "shop/a:1"}}
        job: {image: "shop/b:2"}
    """
    assert ["shop/a:1", "shop/b:2"] == names(text)
