"""A real browser of this machine; without one the tests say so and are skipped."""

import shutil
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from web.pages.support import NAMES, PATIENCE


@pytest.fixture(scope="module")
def browser():
    """Of one file of tests: while it is open, its event loop lets no other one run."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright; pip install it")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no browser to drive; expected one of {', '.join(NAMES)} on the PATH")
    playwright.expect.set_options(timeout=PATIENCE)
    with playwright.sync_playwright() as driver:
        # As root, which CI is, Chromium runs without its sandbox only.
        opened = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox"], timeout=4 * PATIENCE
        )
        yield opened
        opened.close()


def is_wrong(message, server):
    """Whether a page logs a fault; that its own server does not answer any more is none.

    Pages are closed when a test ends, and servers before them: what loads then is refused.
    """
    gone = "net::ERR_" in message.text and urlsplit(message.location["url"]).netloc == server
    return message.type in {"error", "warning"} and not gone


@pytest.fixture
def visit(browser):
    """Open a page of a visitor; what the browser logs as wrong fails the test at its end."""
    contexts, wrong = [], []

    @contextmanager
    def allowed():
        """What goes wrong in here is meant."""
        yield
        wrong.clear()

    def open_page(url, language="en", **options):
        locale = {"en": "en-US", "zh": "zh-CN"}[language]
        context = browser.new_context(locale=locale, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        server = urlsplit(url).netloc
        page.on("console", lambda m: is_wrong(m, server) and wrong.append(m.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(url)
        return page

    open_page.allowed = allowed
    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []
