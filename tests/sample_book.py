"""A tiny book with every construct that the lint allows; the tools are tested on it."""
import json
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CONFIG = """
project:
  type: book
  output-dir: _build/quarto
book:
  title: sample
  bread-crumbs: false
  navbar: {search: true, pinned: true}
  sidebar: {style: docked, collapse-level: 1}
  favicon: assets/favicon.svg
  chapters:
    - index.qmd
    - part: "1 First part"
      chapters:
        - nbs/one.ipynb
        - nbs/two.ipynb
execute:
  enabled: false
ipynb-filters:
  - nbs/_nbfilter.py
format:
  html:
    theme: {light: [assets/theme.scss, assets/light.scss], dark: [assets/theme.scss, assets/dark.scss]}
    css: assets/book.css
    respect-user-color-scheme: true
    toc-title: On this page
    number-sections: false
    grid: {sidebar-width: 256px, body-width: 990px, margin-width: 210px, gutter-width: 1.25rem}
    html-math-method: mathml
"""

# What Quarto 1.10 writes, as far as tools/quarto_pages.py reads it.
QUARTO_PAGE = """<html><head><title>sample – One</title>
<meta name="description" content="A book that runs"></head><body>
<nav id="quarto-sidebar"><div class="sidebar-menu-container">
    <ul class="list-unstyled"><li><div><a href="../nbs/one.html">1 One</a></div></li></ul>
    </div>
</nav>
<nav id="TOC" role="doc-toc"><h2 id="toc-title">On this page</h2>
  <ul>
  <li><a href="#sec-inner" id="toc-sec-inner" class="nav-link active" data-scroll-target="#sec-inner">An inner section</a></li>
  </ul>
</nav>
<main class="content"><header id="title-block-header" class="quarto-title-block default">
<h1 class="title d-none d-lg-block"><span id="sec-one">One</span></h1></header>
<p><span id="eq-square"><math display="block"><semantics><mrow><mi>y</mi><mo>=</mo><msup><mi>x</mi><mn>2</mn></msup><mspace width="2.0em"></mspace><mo stretchy="false" form="prefix">(</mo><mn>2.1</mn><mo stretchy="false" form="postfix">)</mo></mrow><annotation encoding="application/x-tex">y = x^2 \\qquad(2.1)</annotation></semantics></math></span></p>
<p>Of <math display="inline"><semantics><mi>g</mi><annotation encoding="application/x-tex">g</annotation></semantics></math>, <a href="#eq-square" class="quarto-xref">Equation&nbsp;<span>2.1</span></a> and <a href="two.html#fig-x" class="quarto-xref">Figure&nbsp;<span>3.1</span></a>.</p>
<figure><figcaption>
Figure&nbsp;2.1: A line.
</figcaption></figure></main></body></html>
"""
QUARTO_INDEX = [{"objectID": "nbs/one.html", "href": "nbs/one.html", "title": "One", "section": "",
                 "text": "y=x2(2.1)y = x^2 \\qquad(2.1) Of gg, Equation 2.1", "crumbs": ["1 First part"]}]

INDEX = ["# sample\n\nA landing page. Begin with [one](one.ipynb).",
         ("code", "print('hello from the index')")]

PROSE = "Some prose, as long as a paragraph of a chapter. " * 12
WIDE = f"{'wide = 1':<95}# ends at 110"      # the longest line that the book allows

ONE = [
    ("code", "#| default_exp one"),
    "# One `chapter` {#sec-one}\n\nText with `code`, $x^2$, and a [link](two.ipynb). See @sec-two, "
    "@sec-inner, @eq-square and @fig-line.",
    "## An inner section {#sec-inner}\n\n$$\ny = x^2\n$$ {#eq-square}\n\n| a | b |\n|---|---|\n| 1 | `2` "
    "|\n\n- a point\n- `@sec-one` in code stays",
    ("code", "#| export\ndef square(x):\n    'The square of x.'\n    return x * x"),
    ("code", "assert square(3) == 9\nsquare(3)"),
    ("code", "#| export\nimport math\nfrom functools import reduce"),
    ("code", "#| code-fold: true\n#| code-summary: \"6 checks\"\nassert square(2) == 4"),
    ("code", "#| code-fold: true\ndef check_names(x):\n    return x\n\nclass Sizes:\n    pass"),
    ("code", "#| code-fold: true\n#| code-summary: \"Solution 1: a cube\"\nprint('the cube is', 27)"),
    PROSE,
    ("code", WIDE),
    ("code", "#| hide\nhidden_cell = 1"),
    ("code", "#| label: fig-line\n#| fig-cap: \"A line, as in @eq-square.\"\n#| code-fold: true\n"
             "from edunets.draw.plots import plt\nplt.figure(figsize=(4, 2))\nplt.plot([square(x) "
             "for x in range(5)]);"),
    "::: {.callout-note}\n## A title\n\nA note with `code`.\n:::\n\n::: {.callout-tip collapse=\"true\" "
    "title=\"Solution\"}\n\n"
    "```python\nprint('folded')  # ::: is left alone in here, and @sec-one too\n```\n:::",
    ("code",
     "class Drawing:\n    def _repr_svg_(self):\n        return '<svg viewBox=\"0 0 900 40\" width=\"900\" "
     "height=\"40\"><rect width=\"880\" height=\"30\" fill=\"none\" "
     "stroke=\"currentColor\"/></svg>'\n\nDrawing()"),
    ("code", "print('a long line of output ' * 20)"),
    ("code", "#| echo: false\nprint('only the output is shown')"),
]

TWO = [
    "# Two: what is `in` it? {#sec-two}\n\nBack to @sec-one and @fig-line.\n\n::: {.callout-warning}\nA "
    "warning without a title.\n:::",
    ("flagged", "#| gpu\n1 / 0"),
]


def cell(number, content):
    kind, source = content if isinstance(content, tuple) else ("markdown", content)
    made = {"id": f"cell-{number}", "metadata": {}, "source": source.splitlines(keepends=True)}
    if kind == "markdown":
        return made | {"cell_type": "markdown"}
    made |= {"cell_type": "code", "execution_count": None, "outputs": []}
    if kind == "flagged":
        made["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["a stored output\n"]}]
        made["metadata"] = {"edunets": {"made": "2026-01-31",
                                        "versions": {"Python": "3.12.1", "numpy": "2.1"}}}
    return made


def write_notebook(path, contents):
    cells = [cell(number, content) for number, content in enumerate(contents)]
    kernel = {"kernelspec": {"display_name": "python3", "language": "python", "name": "python3"}}
    path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))


def make(root):
    (root / "nbs").mkdir(parents=True)
    shutil.copytree(ROOT / "assets", root / "assets")
    shutil.copy(ROOT / "nbs" / "_nbfilter.py", root / "nbs")
    shutil.copy(ROOT / "index.qmd", root)
    (root / "README.md").write_text("")
    (root / "_quarto.yml").write_text(CONFIG)
    for name, contents in {"index": INDEX, "one": ONE, "two": TWO}.items():
        write_notebook(root / "nbs" / f"{name}.ipynb", contents)
    return root
