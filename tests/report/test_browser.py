"""The HTML page in a real browser: no error, no request, clicks work. Skipped where there is no Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_samples import broken, healthy, hostile

from hypercheck import report

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
    pytest.mark.skipif(shutil.which("dot") is None, reason="the dot program is not installed"),
]
SAMPLES = {"healthy": healthy, "broken": broken, "hostile": hostile}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """A function that opens a sample; whatever the page complains of or asks for is kept in `troubles`."""
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    page.troubles = []
    page.on("console", lambda message: page.troubles.append(message.text))
    page.on("pageerror", lambda error: page.troubles.append(str(error)))
    page.on("dialog", lambda dialog: (page.troubles.append("dialog"), dialog.dismiss()))
    page.on(
        "request", lambda request: page.troubles.append(request.url) if "file://" not in request.url else None
    )

    def open_sample(name: str) -> Any:
        page.goto(report.save(SAMPLES[name](), tmp_path / f"{name}.html").as_uri())
        return page

    yield open_sample
    page.close()


@pytest.mark.parametrize("name", SAMPLES)
def test_the_page_opens_without_error_or_request(opened: Any, name: str) -> None:
    page = opened(name)

    assert [] == page.troubles
    # A blank picture of this size has under 10 KB.
    assert len(page.screenshot()) > 20_000


def test_a_click_on_a_finding_lights_up_its_way_and_escape_clears_it(opened: Any) -> None:
    page = opened("broken")

    page.locator(".show-way").first.click()
    assert 13 == page.locator(".way").count()

    page.keyboard.press("Escape")
    assert 0 == page.locator(".way").count()


def test_a_box_shows_its_facts_by_mouse_and_by_keyboard(opened: Any) -> None:
    page = opened("broken")

    page.locator("#box0").click()
    assert "net.embedding" in page.locator("#node-facts").text_content()

    page.locator("#box8").focus()
    page.keyboard.press("Enter")
    assert "cross_entropy" in page.locator("#node-facts").text_content()


def test_the_links_can_be_sorted_and_filtered(opened: Any) -> None:
    page = opened("healthy")
    first = page.locator("#links-table tbody tr").first

    page.get_by_role("button", name="gradient").click()
    assert "w2" in first.text_content()

    page.locator("#filter").fill("main.0")
    assert 1 == page.locator("#links-table tbody tr:visible").count()


def test_the_diagram_zooms(opened: Any) -> None:
    page = opened("broken")
    box = page.locator(".diagram svg")
    before = box.get_attribute("viewBox")

    page.get_by_role("button", name="zoom in").click()
    assert before != box.get_attribute("viewBox")

    page.get_by_role("button", name="fit").click()
    assert [float(n) for n in before.split()] == pytest.approx(
        [float(n) for n in box.get_attribute("viewBox").split()]
    )


def test_hostile_names_run_nothing(opened: Any) -> None:
    page = opened("hostile")
    page.locator(".show-way").first.click()
    page.locator("#box2").click()

    assert [] == page.troubles
    assert 0 == page.locator("img").count()
    assert "<script>alert(2)" in page.locator("#node-facts").text_content()
