"""What must hold for every page of a rendered site, first in its HTML, then in a browser."""
import functools
import shutil
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

REMNANTS = ("::: {", ":::{", "?@", "#|", "{{<", "{#", "{.")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync"]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}

# Text whose contrast with the first solid background behind it is below `least` (WCAG asks for 4.5; 3 is broken).
LOW_CONTRAST = """least => {
  const parse = c => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = c => { const f = v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 };
                       return 0.2126 * f(c[0]) + 0.7152 * f(c[1]) + 0.0722 * f(c[2]) };
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
                        if (c.length < 4 || c[3] > 0.9) return c } return [255, 255, 255] };
  const bad = [];
  for (const e of document.querySelectorAll('main p, main h1, main h2, main h3, main li, main td, main th, main pre, main pre span, main code, main a, main summary, main summary span, main small, main dt, main dd, main output')) {
    if (!e.innerText || !e.innerText.trim() || !e.offsetParent) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(behind(e));
    if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < least) bad.push(e.tagName + ': ' + e.innerText.slice(0, 40));
  }
  return bad }"""


def of(site):
    """The pages of the book itself, by name."""
    found = [site / "index.html", *sorted((site / "nbs").rglob("*.html"))]
    return {str(path.relative_to(site)): path for path in found}


def soup(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@functools.cache
def anchors(path):
    """What a link can point at within a page."""
    return {element["id"] for element in soup(path).find_all(id=True)}


def remnants(path):
    """Markup that a renderer left in the text that a reader sees (code may show anything)."""
    page = soup(path).find("main")
    for element in page.find_all(["pre", "code", "script", "style"]):
        if "#|" not in element.get_text():
            element.decompose()
    return [mark for mark in REMNANTS if mark in page.get_text()]


def dead_links(path, site):
    """Links, anchors and images within the site that lead nowhere."""
    dead = []
    for element in soup(path).find_all(["a", "img", "script", "link"]):
        target = element.get("href") or element.get("src") or ""
        parts = urlsplit(target)
        if not target or parts.scheme or target == "#":
            continue
        file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not file.exists():
            dead.append(target)
        elif parts.fragment and file.suffix == ".html" and unquote(parts.fragment) not in anchors(file):
            dead.append(target)
    return dead


def complaints(browser, path, theme):
    """What a browser sees wrong on one page: console, requests, images, mathematics, width, contrast."""
    found = []
    context = browser.new_context(color_scheme=theme, viewport=PHONE)
    page = context.new_page()
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("request", lambda request: found.append(f"asks the network for {request.url}") if request.url.startswith("http") else None)
    page.goto(path.as_uri(), wait_until="load")
    page.wait_for_timeout(400)
    for viewport in (PHONE, DESK):
        page.set_viewport_size(viewport)
        too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        found += [f"{too_wide} px wider than {viewport['width']} px"] if too_wide > 0 else []
    broken = page.evaluate("[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)")
    wrong = page.evaluate("[...document.querySelectorAll('mjx-merror, .MathJax_Error')].map(e => e.textContent)")
    found += [f"image does not load: {name}" for name in broken] + [f"mathematics: {name}" for name in wrong]
    found += [f"low contrast: {name}" for name in page.evaluate(LOW_CONTRAST, 3)]
    context.close()
    return found
