"""What a notebook shows on a page: nbdev's directives go, notes for the reader come.

Quarto runs this file on every notebook (`ipynb-filters`, stdin to stdout) and
`tools/site_build.py` imports it, so both renderers show the same. Standard library only.
"""
import json
import re
import sys

FLAGS = ("gpu", "torch", "jax", "slow")   # a cell with one of these runs only where its need is met
EXPORT = ("export", "exporti")
DROP = ("hide", "default_exp")            # cells that the reader does not see
DIRECTIVE = re.compile(r"#\|\s*(\w[\w-]*)(:?)\s*(.*)")


def text(cell):
    return "".join(cell["source"])


def set_text(cell, new):
    cell["source"] = new.splitlines(keepends=True)


def directives(cell):
    """{'export': '', 'label': 'fig-x'} from the `#|` lines at the head of a code cell."""
    found = {}
    if cell["cell_type"] == "code":
        for line in text(cell).splitlines():
            match = DIRECTIVE.match(line)
            if not match:
                break
            found[match[1]] = match[3].strip().strip('"')
    return found


def strip_directives(cell):
    """Drop nbdev's lines (no colon, or `eval:`); the renderers need theirs (`label: fig-x`)."""
    lines = text(cell).splitlines(keepends=True)
    head = len(directives(cell))
    kept = [line for line in lines[:head] if DIRECTIVE.match(line)[2] and DIRECTIVE.match(line)[1] != "eval"]
    set_text(cell, "".join(kept + lines[head:]).lstrip("\n"))


def note(kind, html, anchor=""):
    return {"cell_type": "markdown", "id": f"note-{kind}", "metadata": {},
            "source": [f'<p class="edu-{kind}"{anchor}>{html}</p>\n']}


def made_note(flag, cell):
    """When and with what the output of a flagged cell was made."""
    made = cell["metadata"].get("edunets")
    if not made:
        return note("made", f"This cell needs <code>{flag}</code> and has not been run yet.")
    versions = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    return note("made", f"Output of {made['made']}, with {versions}.")


def inline_svg(cell):
    """Our own drawings go into the page itself, where they take the colours of its theme."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        svg = "".join(data.get("image/svg+xml", []))
        if svg and "text/html" not in data and "Matplotlib" not in svg:
            del data["image/svg+xml"]
            data["text/html"] = [f'<div class="edu-svg">{svg[svg.index("<svg"):].strip()}</div>']


def default_exp(nb):
    for cell in nb["cells"]:
        if "default_exp" in directives(cell):
            return directives(cell)["default_exp"]
    return ""


def show(nb):
    """The notebook as a reader sees it."""
    module, cells = default_exp(nb), []
    for cell in nb["cells"]:
        found = directives(cell)
        if any(name in found for name in DROP):
            continue
        exported = [found[name] or module for name in EXPORT if name in found]
        flagged = [name for name in FLAGS if name in found]
        if exported:
            cells.append(note("exported", f"exported to <code>edunets.{exported[0]}</code>", f' id="cell-{cell["id"]}"'))
        strip_directives(cell)
        inline_svg(cell)
        cells.append(cell)
        if flagged:
            cells.append(made_note(flagged[0], cell))
    for number, cell in enumerate(cells):
        if cell["id"].startswith("note-"):
            cell["id"] += f"-{number}"
    nb["cells"] = cells
    return nb


if __name__ == "__main__":
    json.dump(show(json.load(sys.stdin)), sys.stdout)
