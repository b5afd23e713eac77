"""What must hold for every page of a rendered site, first in its HTML, then in a browser."""
import functools
import re
import shutil
from html import unescape
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

REMNANTS = ("::: {", ":::{", "?@", "#|", "{{<", "{#", "{.")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))),
                None)
OPTIONS = ["--no-sandbox",
           "--disable-gpu",
           "--disable-quic",
           "--no-first-run",
           "--disable-background-networking",
           "--disable-component-update", "--disable-sync"]
HOST = "http://book.test/"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
RESOURCES = {"script": "src", "img": "src", "source": "src", "iframe": "src", "link": "href"}

# Text whose contrast with the first solid background behind it is below `least` (WCAG asks for 4.5; 3 is
# broken).
LOW_CONTRAST = """least => {
  const parse = c => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = c => { const f = v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 };
                       return 0.2126 * f(c[0]) + 0.7152 * f(c[1]) + 0.0722 * f(c[2]) };
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
                        if (c.length < 4 || c[3] > 0.9) return c } return [255, 255, 255] };
  const bad = [];
  for (const e of document.querySelectorAll('main p, main h1, main h2, main h3, main li, main td, main th, main pre, main pre span, main code, main a, main summary, main summary span, main small, main dt, main dd, main output, main figcaption, .edu-chapters a, .edu-chapters summary, .nav-page a, .prev-next-area p, #TOC a, .page-toc a')) {
    if (!e.innerText || !e.innerText.trim() || !e.offsetParent) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(behind(e));
    if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < least) bad.push(e.tagName + ': ' + e.innerText.slice(0, 40));
  }
  return bad }"""

# Text of plots whose contrast with the page is below `least`. (What is drawn in the page's colour stands on
# something else.)
LOW_CONTRAST_IN_PLOTS = LOW_CONTRAST.split("const bad")[0] + """
  const bad = [], page = getComputedStyle(document.body).backgroundColor, b = light(parse(page));
  for (const e of document.querySelectorAll('main .edu-plot :is(text, tspan)')) {
    const fill = getComputedStyle(e).fill, a = light(parse(fill));
    if (fill == page || !e.textContent.trim()) continue;
    if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < least) bad.push(e.textContent.slice(0, 40) + ': ' + fill);
  }
  return bad }"""

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


def soup(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@functools.cache
def anchors(path):
    """What a link can point at within a page."""
    text = path.read_text(encoding="utf-8")
    return {unescape(name) for name in re.findall(r"""\sid=["']?([^"'\s>]+)""", text)}


def remnants(path):
    """Markup that a renderer left in the text that a reader sees (code may show anything)."""
    page = soup(path).find("main")
    for element in page.find_all(["pre", "script", "style"]):
        if "#|" not in element.get_text():
            element.decompose()
    for element in page.select("code:not(pre code)"):           # words of the prose: what is written about
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


def served(browser, site, **options):
    """A browser's context in which the site stands at HOST. (From a file, a browser runs no modules and
    fetches nothing.)"""
    def answer(route):
        path = site / unquote(urlsplit(route.request.url).path).lstrip("/")
        route.fulfill(path=path) if path.is_file() else route.fulfill(status=404)
    context = browser.new_context(**options)
    context.route(HOST + "**", answer)
    return context


def complaints(browser, path, theme):
    """What a browser sees wrong on one page: console, requests, images, mathematics, width, contrast."""
    found = []
    site = next(parent for parent in path.parents
                if any((parent / index).exists() for index in ("searchindex.js", "search.json")))
    context = served(browser, site, color_scheme=theme, viewport=PHONE)
    page = context.new_page()
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("request", lambda request: found.append(f"asks the network for {request.url}")
                if not request.url.startswith((HOST, "data:", "blob:")) else None)
    page.goto(HOST + str(path.relative_to(site)), wait_until="load")
    page.wait_for_timeout(400)
    for viewport in (PHONE, DESK):
        page.set_viewport_size(viewport)
        too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        found += [f"{too_wide} px wider than {viewport['width']} px"] if too_wide > 0 else []
    broken = page.evaluate("[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)")
    wrong = page.evaluate("[...document.querySelectorAll('mjx-merror, .MathJax_Error')].map(e "
                          "=> e.textContent)")
    found += [f"image does not load: {name}" for name in broken] + [f"mathematics: {name}" for name in wrong]
    found += [f"low contrast: {name}" for name in page.evaluate(LOW_CONTRAST, 4.5)]
    found += [f"low contrast in a plot: {name}" for name in page.evaluate(LOW_CONTRAST_IN_PLOTS, 4.5)]
    found += [f"code is cut: {name}" for name in page.evaluate(CUT)]
    page.set_viewport_size(PHONE)
    found += page.evaluate(CUT_ON_A_PHONE)
    context.close()
    return found
