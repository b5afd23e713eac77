"""What frames each page, the same in both renderers: the chapters at the left, their numbers, what a page says of itself.

A part has its number in _quarto.yml: '4 Initialization', and 'A Layers' for what is no step of the story, so that the
chapters to come have the next numbers. Chapters are numbered within their part: 4.1 is the first chapter of part 4,
and Figure 4.1.2 is its second figure.
"""
import html
import re
import sys
from typing import NamedTuple

import book

sys.path.insert(0, str(book.ROOT / "nbs"))
import _nbfilter
from _nbfilter import text
from readme import title

MOST_DESCRIBED = 160        # characters of a page's description, for search engines


class Chapter(NamedTuple):
    path: str               # nbs/01b_views.ipynb
    number: str             # 1.3, or A.3
    title: str              # Views: who else sees my write?
    nb: dict

    @property
    def page(self):
        return self.path.removesuffix(".ipynb")


def parts(root):
    """[('1 Tensors', [Chapter, ...]), ...]: the parts of _quarto.yml."""
    found = []
    for name, paths in book.parts(root):
        if name is None: continue
        number = name.split()[0]
        nbs = [(path, book.read(root / path)) for path in paths if path.endswith(".ipynb")]
        found.append((name, [Chapter(path, f"{number}.{m}", title(nb), nb)
                             for m, (path, nb) in enumerate(nbs, start=1)]))
    return found


def chapters(root):
    """{'nbs/01b_views': Chapter}"""
    return {chapter.page: chapter for _, found in parts(root) for chapter in found}


def inline(markdown):
    """A title as HTML: only code has markup."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(markdown))


def plain(markdown):
    """Prose without markup, for an attribute."""
    bare = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", _nbfilter.plain(markdown))
    return html.escape(" ".join(bare.split()))


def chapter_list(parts, page, link):
    """The chapters of the book. Only the part that holds `page` is open; `link` makes a page's name an
    address."""
    blocks = []
    for part, found in parts:
        items = []
        for chapter in found:
            topic = _nbfilter.headline(chapter.title)[0]
            here = ' aria-current="page"' if chapter.page == page else ""
            items.append(f'<li><a href="{link(chapter.page)}" title="{plain(chapter.title)}"{here}>'
                         f'<span class="edu-number">{chapter.number}</span><span>{inline(topic)}</span></a></li>')
        is_open = " open" if any(chapter.page == page for chapter in found) else ""
        blocks.append(f"<details{is_open}><summary>{inline(part)}</summary><ol>{''.join(items)}</ol></details>")
    return f'<div class="edu-chapters">{"".join(blocks)}</div>'


def contents(items):
    """'On this page' for a screen without a right column; `items` is the list that the renderer made."""
    return f'<details class="edu-here"><summary>On this page</summary>{items}</details>' if items else ""


# What a page says of itself

def topics(chapter):
    """The words that a chapter is about: its topic, its module, its label."""
    topic, question = _nbfilter.headline(chapter.title)
    module = _nbfilter.default_exp(chapter.nb).split(".")[-1]
    label = re.search(r"\{#sec-([\w-]+)\}",
                      text(next(cell for cell in chapter.nb["cells"] if text(cell).startswith("# "))))
    words = [topic.replace("`", "").lower()] if question else []
    words += [module.replace("_", " ")] + (label[1].split("-")[-1:] if label else [])
    return list(dict.fromkeys(word for word in words if word))


def definitions(chapter):
    """{name: where on the page}: the public names that a chapter exports, at the cells that define them."""
    found = {}
    for cell in chapter.nb["cells"]:
        if any(name in _nbfilter.directives(cell) for name in _nbfilter.EXPORT):
            for name in _nbfilter.public(cell):
                found.setdefault(name, f"cell-{cell['id']}")
    return found


def description(nb):
    """The chapter's first paragraph of prose, as far as whole words fit."""
    prose = "\n\n".join(text(cell) for cell in nb["cells"] if cell["cell_type"] == "markdown")
    first = next((block for block in prose.split("\n\n") if re.match(r"[\w`*]", block)), "")
    words = plain(first)
    return words if len(words) <= MOST_DESCRIBED else words[:MOST_DESCRIBED].rsplit(" ", 1)[0] + " …"


def meta(chapter):
    """A page's description and keywords, for its head."""
    keywords = html.escape(", ".join([*topics(chapter), *definitions(chapter)]))
    return (f'<meta name="description" content="{description(chapter.nb)}">\n'
            f'<meta name="keywords" content="{keywords}">\n')
