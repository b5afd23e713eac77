"""What must hold for every page of a rendered site, first in its HTML, then in a browser."""
import contextlib
import functools
import http.server
import re
import shutil
import threading
from html import unescape
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, SoupStrainer

REMNANTS = ("::: {", ":::{", "?@", "#|", "{{<", "{#", "{.")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))),
                None)
OPTIONS = ["--no-sandbox",
           "--disable-gpu",
           "--disable-quic",
           "--no-first-run",
           "--disable-background-networking",
           "--disable-component-update", "--disable-sync"]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
RESOURCES = {"script": "src", "img": "src", "source": "src", "iframe": "src", "link": "href"}

# Text whose contrast with the first solid background behind it is below `least` (WCAG asks for 4.5; 3 is
# broken).
LOW_CONTRAST = """least => {
  const parse = c => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = c => { const f = v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 };
                       return 0.2126 * f(c[0]) + 0.7152 * f(c[1]) + 0.0722 * f(c[2]) };
  const known = new Map([[null, light([255, 255, 255])]]);
  const behind = e => { if (!known.has(e)) { const c = parse(getComputedStyle(e).backgroundColor);
                        known.set(e, c.length < 4 || c[3] > 0.9 ? light(c) : behind(e.parentElement)) }
                        return known.get(e) };
  const bad = [];
  for (const e of document.querySelectorAll('main p, main h1, main h2, main h3, main li, main td, main th, main pre, main pre span, main code, main a, main summary, main summary span, main small, main dt, main dd, main output, main figcaption, .edu-chapters a, .edu-chapters summary, .nav-page a, .prev-next-area p, #TOC a, .page-toc a')) {
    if (!e.textContent.trim() || !e.offsetParent) continue;
    const a = light(parse(getComputedStyle(e).color)), b = behind(e);
    if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < least) bad.push(e.tagName + ': ' + e.innerText.slice(0, 40));
  }
  return bad }"""

IS_DARK = LOW_CONTRAST.split("  const known")[0].replace("least", "()") + (
    "  return light(parse(getComputedStyle(document.body).backgroundColor)) < 0.5 }")

# The page is as it will stay: its formulas are set, and what a change of width or theme began is done.
AT_REST = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  await window.MathJax?.startup?.promise;
  await frame(); await frame();
  await Promise.all(document.getAnimations().map(motion => motion.finished)) }"""

# Text of plots whose contrast with the page is below `least`. (What is drawn in the page's colour stands on
# something else.)
LOW_CONTRAST_IN_PLOTS = LOW_CONTRAST.split("const known")[0] + """
  const bad = [], page = getComputedStyle(document.body).backgroundColor, b = light(parse(page));
  for (const e of document.querySelectorAll('main .edu-plot :is(text, tspan)')) {
    const fill = getComputedStyle(e).fill, a = light(parse(fill));
    if (fill == page || !e.textContent.trim()) continue;
    if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < least) bad.push(e.textContent.slice(0, 40) + ': ' + fill);
  }
  return bad }"""

BROKEN = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
FAILED_MATHEMATICS = "[...document.querySelectorAll('mjx-merror, .MathJax_Error')].map(e => e.textContent)"

# Code that is cut although none of its lines has more than 110 characters.
CUT = """() => [...document.querySelectorAll('main .cell pre')].filter(e => e.innerText.trim()
  && Math.max(...e.innerText.split('\\n').map(line => line.length)) <= 110 && e.scrollWidth > e.clientWidth + 1)
  .map(e => e.innerText.slice(0, 40))"""

# On a narrow screen, folds open: pictures that are wider than their column, tables that are cut and can't be
# scrolled, and what scrolls without the shadow that says so.
CUT_ON_A_PHONE = """() => {
  document.querySelectorAll('main .cell details, main details.edu-fold').forEach(fold => { fold.open = true });
  const all = what => [...document.querySelectorAll(`main ${what}`)].filter(e => e.getClientRects().length);
  const scrolls = e => ['auto', 'scroll'].includes(getComputedStyle(e).overflowX);
  const scroller = e => !e || e.tagName == 'MAIN' ? null : scrolls(e) ? e : scroller(e.parentElement);
  const right = e => e.getBoundingClientRect().right;
  const name = e => `${e.tagName.toLowerCase()} ${e.textContent.trim().slice(0, 40)}`;
  const wide = all('.edu-svg svg').filter(e => e.clientWidth > e.parentElement.clientWidth + 1);
  const cut = all('table').filter(e => !scroller(e) && right(e) > right(document.querySelector('main')) + 1);
  const silent = all('*').filter(e => e.scrollWidth > e.clientWidth + 1 && scrolls(e)
    && !getComputedStyle(e).backgroundAttachment.includes('local'));
  return [...wide.map(e => 'wider than its column: ' + name(e)), ...cut.map(e => 'cut: ' + name(e)),
          ...silent.map(e => 'scrolls, and does not say so: ' + name(e))] }"""

# Characters a line, in each paragraph of five lines and more.
MEASURE = """() => [...document.querySelectorAll('main p')].map(e => {
    const lines = Math.round(e.clientHeight / parseFloat(getComputedStyle(e).lineHeight));
    return lines < 5 ? 0 : e.innerText.length / (lines - 0.5) }).filter(n => n)"""


def of(site):
    """The pages of the book itself, by name."""
    found = [site / "index.html", *sorted((site / "nbs").rglob("*.html"))]
    return {str(path.relative_to(site)): path for path in found}


def soup(path, only=None):
    """A page as BeautifulSoup reads it, or some of its elements, by name."""
    return parsed(path.read_text(encoding="utf-8"), only)


def parsed(text, only=None):
    return BeautifulSoup(text, "html.parser", parse_only=only and SoupStrainer(only))


@functools.cache
def anchors(path):
    """What a link can point at within a page."""
    text = path.read_text(encoding="utf-8")
    return {unescape(name) for name in re.findall(r"""\sid=["']?([^"'\s>]+)""", text)}


def of_code(match):
    """An element of code, if it shows an option of a cell; else nothing. (Most elements of a page are the
    words of its code: without them it is read in half the time.)"""
    return match[0] if "#|" in re.sub("<[^>]*>", "", match[0]) else ""


def remnants(path):
    """Markup that a renderer left in the text that a reader sees (code may show anything)."""
    text = path.read_text(encoding="utf-8")
    page = parsed(re.sub(r"<(pre|script|style)\b.*?</\1>", of_code, text, flags=re.DOTALL), "main")
    for element in page.select("code:not(pre code)"):           # words of the prose: what is written about
        element.decompose()
    seen = page.get_text()
    return [mark for mark in REMNANTS if mark in seen]


def dead_links(path, site):
    """Links, anchors and images within the site that lead nowhere."""
    dead = []
    for element in soup(path, ["a", "img", "script", "link"]).find_all():
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


def asks(site):
    """Resources of a site that a browser would ask the network for, in its pages and its styles."""
    found = []
    for path in sorted(site.rglob("*.html")):
        for tag, attribute in RESOURCES.items():
            targets = [element.get(attribute, "") for element in soup(path).find_all(tag)]
            found += [f"{path.name}: {target}" for target in targets if re.match(r"(https?:)?//", target)]
    for path in sorted(site.rglob("*.css")):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        found += [f"{path.name}: {target}"
                  for target in re.findall(r"""(?:@import|url\()\s*["']?((?:https?:)?//[^"')]*)""", text)]
    return found


def first_hit(page, word):
    """The title of the first thing that the site's own search finds; `page` is a browser's, on any page of
    the site."""
    if page.query_selector("#quarto-search"):
        page.keyboard.press("f")
        page.fill(".aa-Input", word)
        return page.wait_for_selector(".aa-Item .search-result-doc .search-result-title").inner_text()
    page.goto(page.url.rsplit("/", 1)[0] + f"/search.html?q={word}")
    return page.wait_for_selector("#search-results li a").inner_text()


class Files(http.server.SimpleHTTPRequestHandler):
    """The files of a folder, which a browser may keep; says nothing in the terminal."""
    protocol_version = "HTTP/1.1"

    def end_headers(self):
        self.send_header("Cache-Control", "max-age=3600")
        super().end_headers()

    def log_message(self, *args): pass


@contextlib.contextmanager
def served(site):
    """The address at which the site stands meanwhile. (From a file, a browser runs no modules and fetches
    nothing.)"""
    handler = functools.partial(Files, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def complaints(browser, site):
    """What a browser sees wrong on the pages of a site, by page: console, requests, images, mathematics,
    width, contrast. A page is loaded once, every second one in the dark, and looked at in both themes."""
    with served(site) as host:
        context = browser.new_context()
        page, heard = context.new_page(), []
        page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda request: heard.append(f"asks the network for {request.url}")
                if not request.url.startswith((host, "data:", "blob:", "about:")) else None)
        wrong = {}
        for number, name in enumerate(of(site)):
            heard.clear()
            themes = ("light", "dark") if number % 2 else ("dark", "light")
            wrong[name] = looked_at(page, host + name, themes) + heard
        context.close()
    return {name: found for name, found in wrong.items() if found}


def looked_at(page, address, themes):
    """What is seen wrong on one page, first on a phone, where its folds are opened, then on a desk."""
    page.goto("about:blank")      # no other page is laid out anew for a phone
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme=themes[0])
    page.goto(address, wait_until="load")
    page.evaluate(AT_REST)
    found = too_wide(page) + page.evaluate(CUT_ON_A_PHONE)
    page.set_viewport_size(DESK)
    found += too_wide(page) + [f"code is cut: {name}" for name in page.evaluate(CUT)]
    found += [f"image does not load: {name}" for name in page.evaluate(BROKEN)]
    found += [f"mathematics: {name}" for name in page.evaluate(FAILED_MATHEMATICS)]
    for theme in themes:
        page.emulate_media(color_scheme=theme)
        page.evaluate(AT_REST)
        found += [] if page.evaluate(IS_DARK) == (theme == "dark") else [f"not {theme}"]
        found += [f"low contrast, {theme}: {name}" for name in page.evaluate(LOW_CONTRAST, 4.5)]
        found += [f"low contrast in a plot, {theme}: {name}"
                  for name in page.evaluate(LOW_CONTRAST_IN_PLOTS, 4.5)]
    return found


def too_wide(page):
    pixels = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"{pixels} px wider than {page.viewport_size['width']} px"] if pixels > 0 else []
