"""Render the site from the notebooks in _build/book.

With Quarto on the PATH it is Quarto's. Without it, Sphinx with MyST-NB renders the same notebooks
in the same order, offline; tools/to_myst.py translates between the two.
"""
import re
import shutil
import subprocess
import sys

import yaml
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

import book

sys.path.insert(0, str(book.ROOT / "nbs"))
import _nbfilter
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
    "nb_code_prompt_show": "Show the code",
    "nb_code_prompt_hide": "Hide the code",
    "myst_enable_extensions": ["colon_fence", "dollarmath", "attrs_block"],
    "mathjax_path": "mathjax/tex-chtml.js",
    "math_eqref_format": "Equation {number}",
    "html_theme": "pydata_sphinx_theme",
    "html_css_files": ["book.css"],
    "html_copy_source": False,
    "html_context": {"default_mode": "auto"},
    "html_sidebars": {"**": ["book-nav.html"]},
    "html_theme_options": {
        "navbar_center": [],
        "navbar_end": ["theme-switcher"],
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
        sys.exit("Quarto failed or warned:\n" + "".join(line for line in log if "WARN" in line or "ERROR" in line))
    output = yaml.safe_load((source / "_quarto.yml").read_text())["project"]["output-dir"]
    shutil.copytree(source / output, site, dirs_exist_ok=True)


def toctrees(root):
    """The parts of _quarto.yml as Sphinx's navigation."""
    blocks = []
    for part, paths in book.parts(root):
        names = [path.rsplit(".", 1)[0] for path in paths if path != "index.qmd"]
        caption = f":caption: {part}\n" if part else ""
        blocks += [f"```{{toctree}}\n:hidden:\n{caption}\n" + "\n".join(names) + "\n```"] if names else []
    return "\n\n".join(blocks)


def index(source):
    """index.qmd with its include, and the navigation."""
    def included(match):
        return (source / match[1]).read_text()
    return re.sub(r"\{\{< include (\S+) >\}\}", included, (source / "index.qmd").read_text())


def translate(source, target):
    """The staged book as a Sphinx source folder."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    names = book.chapters(source)
    shown = [_nbfilter.show(book.read(source / name)) for name in names]
    figures = to_myst.figure_numbers(shown)
    for name, nb in zip(names, shown):
        book.write(target / name, to_myst.notebook(nb, figures))
    front = to_myst.markdown(index(source), figures) + "\n\n" + toctrees(source) + "\n"
    (target / "index.md").write_text(front)


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
