"""README.md is nbs/index.ipynb: its text, its shown code, its outputs; then the list of the chapters.

    python tools/readme.py    write README.md (figures go to assets/readme/)
"""
import base64
import re
import shutil
import sys

import book

sys.path.insert(0, str(book.ROOT / "nbs"))
import _nbfilter

LINK = re.compile(r"(\]\()(?!https?:|#|mailto:)")   # links in the notebook are relative to nbs/
FIGURES = "assets/readme"


def output(data, name, root):
    """One output as markdown; a picture is written beside the README."""
    if "image/png" in data:
        path = f"{FIGURES}/{name}.png"
        (root / FIGURES).mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(base64.b64decode("".join(data["image/png"])))
        return f"![{name}]({path})"
    return "```text\n" + "".join(data.get("text/plain", [])).rstrip() + "\n```"


def outputs(cell, root):
    for number, item in enumerate(cell["outputs"]):
        data = item.get("data") or {"text/plain": item.get("text", [])}
        yield output(data, f"{cell['id']}-{number}", root)


def code(cell, root):
    options = _nbfilter.directives(cell)
    lines = _nbfilter.text(cell).splitlines()[len(options):]
    shown = [] if options.get("echo") == "false" else ["```python\n" + "\n".join(lines) + "\n```"]
    return shown + list(outputs(cell, root))


def title(nb):
    """The chapter's H1, without its label."""
    prose = (cell for cell in nb["cells"] if cell["cell_type"] == "markdown")
    heads = (line for cell in prose for line in _nbfilter.text(cell).splitlines() if line.startswith("# "))
    return re.sub(r"\s*\{#.*\}$", "", next(heads)[2:])


def contents(root):
    """The chapters by part, in the order of _quarto.yml."""
    blocks = []
    for part, paths in book.parts(root):
        lines = [f"- [{title(book.read(root / path))}]({path})" for path in paths if path.endswith(".ipynb")]
        blocks += [f"**{part}**\n\n" + "\n".join(lines)] if lines else []
    return ["## The chapters", *blocks] if blocks else []


def readme(root=book.ROOT):
    """The text of README.md; its figures are written on the way."""
    shutil.rmtree(root / FIGURES, ignore_errors=True)
    blocks = []
    for cell in _nbfilter.show(book.read(root / book.INDEX))["cells"]:
        if cell["cell_type"] == "markdown":
            blocks.append(LINK.sub(r"\1nbs/", _nbfilter.text(cell)).strip())
        else:
            blocks += code(cell, root)
    return "\n\n".join(blocks + contents(root)) + "\n"


if __name__ == "__main__":
    (book.ROOT / "README.md").write_text(readme(), encoding="utf-8")
