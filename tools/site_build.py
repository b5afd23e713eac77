"""Render the site from the notebooks in _build/book.

With Quarto on the PATH it is Quarto's. Without it, Sphinx with MyST-NB renders the same notebooks
in the same order, offline; tools/to_myst.py translates between the two.
"""
import re
import shutil
import subprocess
import sys

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

import book

sys.path.insert(0, str(book.ROOT / "nbs"))
import _nbfilter
import frame
import quarto_pages
import to_myst
from readme import readme

TEMPLATES = book.ROOT / "tools" / "templates"

SPHINX = {
    "project": "edunets",
    "extensions": ["myst_nb", "sphinx_design", "sphinx_copybutton", "sphinx-mathjax-offline"],
    "exclude_patterns": ["README.md", book.INDEX],
    "templates_path": [str(TEMPLATES)],
    "nb_execution_mode": "off",
    "nb_merge_streams": True,
    "myst_enable_extensions": ["colon_fence", "dollarmath", "attrs_block", "attrs_inline"],
    "mathjax_path": "mathjax/tex-chtml.js",
    "math_eqref_format": "Equation {number}",
    "html_theme": "pydata_sphinx_theme",
    "html_css_files": ["book.css"],
    "html_js_files": [("book.js", {"defer": "defer"})],
    "html_copy_source": False,
    "html_use_index": False,
    "html_context": {"default_mode": "auto"},
    "html_sidebars": {"**": ["book-nav.html"]},
    "html_theme_options": {
        "navbar_center": [],
        "navbar_end": [],
        "navbar_persistent": ["search-button-field", "theme-switcher"],
        "secondary_sidebar_items": ["page-toc"],
        "article_header_start": [],
        "footer_start": [],
        "footer_end": [],
        "show_toc_level": 2,
        "back_to_top_button": False,
        "search_bar_text": "Search the book",
        "pygments_light_style": "a11y-high-contrast-light",
        "pygments_dark_style": "github-dark",
    },
}


def with_quarto(source, site):
    """Quarto's exit status alone is not enough: a warning in its log is a broken page too."""
    log = []
    with subprocess.Popen(["quarto", "render", str(source)], text=True, stderr=subprocess.PIPE) as run:
        for line in run.stderr:
            print(line, end="", file=sys.stderr, flush=True)     # its progress, a page a line
            log.append(line)
    if run.returncode or any("WARN" in line for line in log):
        sys.exit("Quarto failed or warned:\n"
                 + "".join(line for line in log if "WARN" in line or "ERROR" in line))
    output = yaml.safe_load((source / "_quarto.yml").read_text())["project"]["output-dir"]
    shutil.copytree(source / output, site, dirs_exist_ok=True)
    quarto_pages.finish(site, source)


def toctrees(root):
    """The order of _quarto.yml, which Sphinx wants to know; the list that readers see is
    frame.chapter_list."""
    names = [chapter.page for _, chapters in frame.parts(root) for chapter in chapters]
    return "```{toctree}\n:hidden:\n\n" + "\n".join(names) + "\n```"


def index(source):
    """index.qmd with its include, and the navigation."""
    def included(match):
        return (source / match[1]).read_text()
    return re.sub(r"\{\{< include (\S+) >\}\}", included, (source / "index.qmd").read_text())


def translate(source, target):
    """The staged book as a Sphinx source folder."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    chapters = frame.chapters(source).values()
    shown = {chapter.number: _nbfilter.show(book.read(source / chapter.path)) for chapter in chapters}
    figures = to_myst.figure_numbers(shown)
    for chapter in chapters:
        book.write(target / chapter.path, to_myst.notebook(shown[chapter.number], figures))
    front = to_myst.markdown(index(source), figures) + "\n\n" + toctrees(source) + "\n"
    (target / "index.md").write_text(front)


# What Sphinx is told while it works

def number_equations(app, env):
    """(4.1.2): equations are numbered within their chapter."""
    equations, last = env.domains.math_domain.equations, {}
    for label, (page, _) in sorted(equations.items(), key=lambda item: item[1][1]):
        last[page] = last.get(page, 0) + 1
        equations[label] = page, f"{app.chapters[page].number}.{last[page]}"


def show_equation_numbers(app, doctree, page):
    for node in doctree.findall(nodes.math_block):
        if node.get("label"):
            node["number"] = app.env.domains.math_domain.equations[node["label"]][1]


def frame_page(app, page, template, context, doctree):
    """The chapters at the left, the page's number, its keywords, and its contents for small screens."""
    context["chapter_list"] = frame.chapter_list(app.parts, page, context["pathto"])
    if page in app.chapters:
        chapter = app.chapters[page]
        context["metatags"] += frame.meta(chapter)
        # within the title's own item
        sections = re.search(r"<ul>.*?(<ul>.*</ul>).*</ul>", context["toc"], re.DOTALL)
        number = f'<h1><span class="edu-number">{chapter.number}</span> '
        after = "</h1>" + frame.contents(sections and sections[1])
        context["body"] = context["body"].replace("<h1>", number, 1).replace("</h1>", after, 1)


def searched(app, index_page):
    """The builder's index_page, for a page as the search should read it: formulas are no words, and what a
    chapter is about and defines are its index entries, which the search puts first. (Without an anchor,
    so that a chapter is one result.)"""
    def indexed(page, doctree, title):
        doctree = doctree.deepcopy()
        for node in list(doctree.findall(lambda node: isinstance(node, (nodes.math, nodes.math_block)))):
            node.parent.remove(node)
        if page in app.chapters:
            words = [*frame.topics(app.chapters[page]), *frame.definitions(app.chapters[page])]
            doctree += addnodes.index(entries=[("single", word, "", "main", None) for word in words])
        index_page(page, doctree, title)
    return indexed


def with_sphinx(source, site):
    pages, cache = source.parent / "sphinx", source.parent / "sphinx-cache"
    translate(source, pages)
    shutil.rmtree(cache, ignore_errors=True)
    config = yaml.safe_load((source / "_quarto.yml").read_text())["book"]
    settings = SPHINX | {
        "html_title": config["title"],
        "html_favicon": str(pages / config["favicon"]),
        "html_static_path": [str(pages / "assets")],
    }
    with patch_docutils(None), docutils_namespace():
        app = Sphinx(pages, None, site, cache, "html", settings, status=None, warningiserror=True)
        app.parts, app.chapters = frame.parts(source), frame.chapters(source)
        app.connect("env-updated", number_equations)
        app.connect("doctree-resolved", show_equation_numbers)
        app.connect("html-page-context", frame_page)
        app.builder.index_page = searched(app, app.builder.index_page)
        app.build()
    if app.statuscode:
        sys.exit("the site has warnings; they stand above")


def build(source=book.STAGE, site=book.SITE):
    """Render `source` into `site`; returns the page to open."""
    shutil.rmtree(site, ignore_errors=True)
    (source / "README.md").write_text(readme(source))
    if shutil.which("quarto"):
        with_quarto(source, site)
    else:
        with_sphinx(source, site)
    return site / "index.html"
