"""A reader's copy of the notebooks, for `make lab`: what the site shows, to be run and changed.

    python tools/lab.py    write lab/, in the book's order

The filter of the site is applied, references become links, and what the site folds is collapsed. A copy that the reader
has changed is never overwritten: a newer chapter is then left out, and said so.
"""
import hashlib
import os
import re
import sys
import urllib.parse

import book

sys.path.insert(0, str(book.ROOT / "nbs"))
import _nbfilter
from _nbfilter import directives, set_text, text
from readme import title

LAB = book.ROOT / "lab"
RECORD = ".copies.json"      # what each copy was when it was made: {path: digest}
HEADING = re.compile(r"(#+ .*?)\s*\{#([\w-]+)\}\s*$")
REFERENCE = re.compile(r"@((?:sec|eq|fig)-[\w-]*\w)")
CALLOUT = re.compile(r":::+\s*\{\.callout-(\w+)([^}]*)\}\s*$")
NAMED = re.compile(r'title="([^"]*)"')
LINK = re.compile(r"\]\(((?:\.\./)*[\w/]+\.ipynb)(#[\w-]*)?\)")


def file_name(number, heading):
    """'03 Views.ipynb': a chapter's topic stands before its question; what a file browser shows, in order."""
    return f"{number:02d} " + re.sub(r"[^\w .,-]", "", heading.split(": ")[0]) + ".ipynb"


def places(root):
    """{'nbs/01c_views.ipynb': '01 Tensors/03 Views.ipynb'}"""
    found = {}
    for number, (part, paths) in enumerate(book.parts(root)):
        notebooks = [path for path in paths if path.endswith(".ipynb")]
        folder = f"{number:02d} " + re.sub(r"^\d+ ", "", part or "")
        for n, path in enumerate(notebooks, start=1):
            found[path] = f"{folder}/{file_name(n, title(book.read(root / path)))}"
    return found


def anchor(heading):
    """How JupyterLab names the place of a heading."""
    return "#" + heading.lstrip("# ").replace("`", "").replace(" ", "-")


def targets(notebooks):
    """{'sec-views': (path, heading)}; figures and equations without a heading, by their cell's kind."""
    found = {}
    for path, nb in notebooks.items():
        for cell in nb["cells"]:
            if cell["cell_type"] == "markdown":
                for line in text(cell).splitlines():
                    if match := HEADING.match(line):
                        found[match[2]] = path, match[1]
                    elif match := re.search(r"\$\$\s*\{#([\w-]+)\}\s*$", line):
                        found[match[1]] = path, "the equation"
            elif label := directives(cell).get("label"):
                found[label] = path, "the figure"
    return found


class Page:
    """What turns one chapter into its copy: where it lies, and where the others do."""

    def __init__(self, path, where, known):
        self.path, self.where, self.known = path, where, known

    def link(self, path, place=""):
        here = os.path.dirname(self.where[self.path])
        return urllib.parse.quote(os.path.relpath(self.where[path], here).replace(os.sep, "/")) + place

    def reference(self, match):
        path, heading = self.known[match[1]]
        if heading.startswith("the "):
            return heading if path == self.path else f"[{heading}]({self.link(path)})"
        shown = heading.lstrip("# ")
        return f"[{shown}]({anchor(heading) if path == self.path else self.link(path, anchor(heading))})"

    def chapter_link(self, match):
        path = os.path.normpath(os.path.join(os.path.dirname(self.path), match[1]))
        return f"]({self.link(path, match[2] or '')})" if path in self.where else match[0]

    def line(self, line):
        if match := HEADING.match(line):
            return match[1]
        line = re.sub(r"\$\$\s*\{#eq-[\w-]+\}\s*$", "$$", line)
        pieces = re.split(r"(`+[^`]*`+)", line)
        pieces[::2] = [REFERENCE.sub(self.reference, piece) for piece in pieces[::2]]
        return LINK.sub(self.chapter_link, "".join(pieces))

    def callout(self, line):
        """A fold, or its end, as the HTML that Jupyter renders; None for any other line."""
        if match := CALLOUT.match(line):
            name = NAMED.search(match[2])
            name = name[1] if name else match[1].capitalize()
            self.closing = "</details>" if 'collapse="true"' in match[2] else ""
            return f"<details><summary>{name}</summary>\n" if self.closing else f"**{name}.**\n"
        return f"\n{self.closing}" if line.strip() == ":::" else None

    def markdown(self, source):
        done, fenced = [], False
        for line in source.splitlines():
            is_fence = line.lstrip().startswith("```")
            folded = None if fenced else self.callout(line)
            done.append(folded if folded is not None else line if fenced or is_fence else self.line(line))
            fenced ^= is_fence
        return "\n".join(done)

    def code(self, cell):
        options = directives(cell)
        lines = text(cell).splitlines(keepends=True)[len(options):]
        hidden = options.get("code-fold") == "true"
        if hidden:
            lines.insert(0, f"# {options.get('code-summary', 'folded on the page')}\n")
            cell["metadata"]["jupyter"] = {"source_hidden": True}
        if hidden and options.get("code-summary", "").startswith("Solution"):
            cell["metadata"]["jupyter"]["outputs_hidden"] = True
        set_text(cell, "".join(lines))
        if "fig-cap" not in options:
            return [cell]
        caption = {"cell_type": "markdown", "id": options["label"][:64], "metadata": {}, "source": []}
        set_text(caption, f"*{self.line(options['fig-cap'])}*")
        return [cell, caption]

    def copy(self, nb):
        cells = []
        for cell in _nbfilter.show(nb)["cells"]:
            if cell["cell_type"] == "markdown":
                set_text(cell, self.markdown(text(cell)))
            cells += self.code(cell) if cell["cell_type"] == "code" else [cell]
        nb["cells"] = cells
        return nb


def digest(nb):
    """Of what the reader may have written: the cells, without their outputs."""
    return hashlib.sha256("\0".join(text(cell) for cell in nb["cells"]).encode()).hexdigest()


def write(root=book.ROOT, lab=LAB):
    """Make the copies that are new, or that the reader left as they were. Returns those that were left
    alone."""
    notebooks = {path: book.read(root / path) for path in book.chapters(root)}
    where, known = places(root), targets(notebooks)
    record = book.read(lab / RECORD) if (lab / RECORD).exists() else {}
    kept = []
    for path, nb in notebooks.items():
        target, made = lab / where[path], Page(path, where, known).copy(nb)
        old = record.get(where[path])
        if target.exists() and digest(book.read(target)) != old:
            kept += [where[path]] if digest(made) != old else []
        elif digest(made) != old or not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            book.write(target, made)
            record[where[path]] = digest(made)
    for name in set(record) - set(where.values()):      # a chapter that is called otherwise now
        if (lab / name).exists() and digest(book.read(lab / name)) == record[name]:
            (lab / name).unlink()
        del record[name]
    lab.mkdir(exist_ok=True)
    book.write(lab / RECORD, record)
    return kept


if __name__ == "__main__":
    for name in write():
        print(f"lab/{name} is yours and stays as it is; the book has a newer one: move yours away to get it")
