"""What Quarto's pages still lack when Quarto is done: the frame that tools/frame.py makes for both renderers.

Each step finds its place in the HTML by Quarto's own marks; where a version of Quarto has none, the page stays as it is.
"""
import html
import json
import re
from urllib.parse import urlsplit

import book
import frame

MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)
ANNOTATION = re.compile(r"<annotation[^>]*>(.*?)</annotation>", re.DOTALL)
NUMBERED = re.compile(r'(<span id="eq-[\w-]+">\s*<math\b.*?)<mspace width="2\.0em"></mspace><mo[^>]*>\(</mo>'
                      r'<mn>[\d.]+</mn><mo[^>]*>\)</mo>(.*?)\\qquad\(([\d.]+)\)(</annotation></semantics></math>)', re.DOTALL)
CAPTION = re.compile(r"(<figcaption[^>]*>\s*Figure&nbsp;)([\d.]+)")
REFERENCE = re.compile(r'(<a href="([^"]*#(?:eq|fig)-[^"]*)" '
                       r'class="quarto-xref">(?:Equation|Figure)&nbsp;<span>)([\d.]+)')
SENTENCE = re.compile(r'(<math display="inline"(?:(?!</math>).)*</math>)([.,;:?!)]+)', re.DOTALL)
READABLE = re.compile(r"[\w\s=+*/().,<>'-]*")      # a formula that reads as text


def up(page):
    """From a page to the top of the site."""
    return "../" * page.count("/")


def chapter_list(text, page, parts):
    found = frame.chapter_list(parts, page, lambda target: f"{up(page)}{target}.html")
    return re.sub(r'(<div class="sidebar-menu-container">).*?(</nav>)',
                  lambda match: f"{match[1]}{found}</div>\n{match[2]}",
                  text, count=1, flags=re.DOTALL)


def contents(text):
    """Quarto's own list of contents once more, folded, for small screens."""
    items = re.search(r'<nav id="TOC".*?(<ul>.*</ul>)\s*</nav>', text, re.DOTALL)
    if not items:
        return text
    folded = frame.contents(re.sub(r' (?:id|class|data-scroll-target)="[^"]*"', "", items[1]))
    return re.sub(r'<header id="title-block-header".*?</header>', lambda match: match[0] + folded, text,
                  count=1, flags=re.DOTALL)


def own(number, found):
    """'4.1.2' from Quarto's '30.2' (or '2'): the chapter's number, and the count within it."""
    return f"{number}.{found.rsplit('.', 1)[-1]}"


def where(page, address):
    """The page that an address on `page` leads to."""
    path = urlsplit(address).path
    steps = page.split("/")[:-1]
    for step in path.split("/"):
        steps = steps[:-1] if step == ".." else steps + [step]
    return "/".join(steps).removesuffix(".html") if path else page


def numbers(text, page, chapters):
    """Figures, equations and references to them carry the number of their chapter."""
    here = chapters[page].number

    def equation(match):
        return (f'{match[1]}{match[2].rstrip()}{match[4]}<span '
                f'class="edu-equation">({own(here, match[3])})</span>')

    def caption(match):
        return match[1] + own(here, match[2])

    def reference(match):
        target = chapters.get(where(page, match[2]), chapters[page])
        return match[1] + own(target.number, match[3])

    return REFERENCE.sub(reference, CAPTION.sub(caption, NUMBERED.sub(equation, text)))


def together(text):
    """A formula and the punctuation after it stand on one line: browsers would break between them."""
    return SENTENCE.sub(r'<span class="edu-together">\1\2</span>', text)


def head(text, chapter):
    text = re.sub(r'<meta name="description"[^>]*>\n?', "", text)
    text = text.replace("</title>", "</title>\n" + frame.meta(chapter), 1)
    return re.sub(r'(<h1 class="title[^"]*">)', rf'\1<span class="edu-number">{chapter.number}</span> ', text,
                  count=1)


def script(text):
    """The book's own script at the end of the page."""
    source = (book.ROOT / "assets" / "book.js").read_text(encoding="utf-8")
    return text.replace("</body>", f"<script>\n{source}</script>\n</body>", 1)


def framed(text, page, parts, chapters):
    text = script(together(chapter_list(text, page, parts)))
    return head(contents(numbers(text, page, chapters)), chapters[page]) if page in chapters else text


# The search

def readable(formulas, entry):
    """One text of the index, where each formula stood as its symbols and once more as its source."""
    done, at = [], 0
    for symbols, source in formulas:
        found = entry.find(symbols, at)
        if found >= 0:
            done += [entry[at:found], source]
            at = found + len(symbols)
    return "".join(done) + entry[at:]


def formulas(text):
    """[(what Quarto indexed, what it should have), ...] in the order of the page."""
    found = []
    for match in MATH.finditer(text):
        source = html.unescape(ANNOTATION.search(match[0])[1]) if ANNOTATION.search(match[0]) else ""
        symbols = html.escape(html.unescape(re.sub(r"<[^>]*>", "", match[0])), quote=False)
        found.append((symbols, html.escape(source, quote=False) if READABLE.fullmatch(source) else "…"))
    return found


def entries(chapter):
    """What a chapter is about and what it defines, each as an entry of one word, which the search puts
    first."""
    places = (dict.fromkeys(frame.topics(chapter), "")
              | {name: "#" + place for name, place in frame.definitions(chapter).items()})
    return [{"objectID": f"{chapter.page}.html{place}-{name}", "href": f"{chapter.page}.html{place}",
             "title": chapter.title.replace("`", ""),
             "section": name, "text": "", "crumbs": []} for name, place in places.items()]


def search(site, texts, chapters):
    path = site / "search.json"
    docs = json.loads(path.read_text(encoding="utf-8"))
    for doc in docs:
        page = doc["href"].split(".html")[0]
        doc["text"] = readable(formulas(texts.get(page, "")), doc["text"])
        doc["crumbs"] = []
    words = [entry for chapter in chapters.values() for entry in entries(chapter)]
    path.write_text(json.dumps(sorted(words, key=lambda entry: len(entry["section"])) + docs,
                               ensure_ascii=False), encoding="utf-8")


def finish(site, source):
    """Frame each page of Quarto's in `site`, and clear up its search index."""
    parts, chapters = frame.parts(source), frame.chapters(source)
    texts = {}
    for page in ["index", *chapters]:
        path = site / f"{page}.html"
        if path.exists():
            texts[page] = path.read_text(encoding="utf-8")
            path.write_text(framed(texts[page], page, parts, chapters), encoding="utf-8")
    if (site / "search.json").exists():
        search(site, texts, chapters)
