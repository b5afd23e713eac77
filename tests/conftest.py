import pytest

import pages


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium, where one is found."""
    if pages.CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=pages.CHROMIUM, args=pages.OPTIONS)
        yield chromium
        chromium.close()
