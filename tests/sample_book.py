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
  favicon: assets/favicon.svg
  chapters:
    - index.qmd
    - part: First part
      chapters:
        - nbs/one.ipynb
        - nbs/two.ipynb
execute:
  enabled: false
ipynb-filters:
  - nbs/_nbfilter.py
format:
  html:
    css: assets/book.css
"""

INDEX = ["# sample\n\nA landing page. Begin with [one](one.ipynb).", ("code", "print('hello from the index')")]

ONE = [
    ("code", "#| default_exp one"),
    "# One `chapter` {#sec-one}\n\nText with `code`, $x^2$, and a [link](two.ipynb). See @sec-two, @sec-inner, @eq-square and @fig-line.",
    "## An inner section {#sec-inner}\n\n$$\ny = x^2\n$$ {#eq-square}\n\n| a | b |\n|---|---|\n| 1 | `2` |\n\n- a point\n- `@sec-one` in code stays",
    ("code", "#| export\ndef square(x):\n    'The square of x.'\n    return x * x"),
    ("code", "assert square(3) == 9\nsquare(3)"),
    ("code", "#| hide\nhidden_cell = 1"),
    ("code", "#| label: fig-line\n#| fig-cap: \"A line, as in @eq-square.\"\n#| code-fold: true\n"
             "import matplotlib.pyplot as plt\nplt.figure(figsize=(4, 2))\nplt.plot([square(x) for x in range(5)]);"),
    "::: {.callout-note}\n## A title\n\nA note with `code`.\n:::\n\n::: {.callout-tip collapse=\"true\" title=\"Solution\"}\n\n"
    "```python\nprint('folded')  # ::: is left alone in here, and @sec-one too\n```\n:::",
    ("code", "class Drawing:\n    def _repr_svg_(self):\n        return '<svg viewBox=\"0 0 900 40\" width=\"900\" height=\"40\">"
             "<rect width=\"880\" height=\"30\" fill=\"none\" stroke=\"currentColor\"/></svg>'\n\nDrawing()"),
    ("code", "print('a long line of output ' * 20)"),
    ("code", "#| echo: false\nprint('only the output is shown')"),
]

TWO = [
    "# Two {#sec-two}\n\nBack to @sec-one and @fig-line.\n\n::: {.callout-warning}\nA warning without a title.\n:::",
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
        made["metadata"] = {"edunets": {"made": "2026-01-31", "versions": {"Python": "3.12.1", "numpy": "2.1"}}}
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
