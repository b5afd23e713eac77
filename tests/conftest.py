import signal

import pytest

import pages

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:      # as in a shell's background job: the tests of Ctrl-C need it heard
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
