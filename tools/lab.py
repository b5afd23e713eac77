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

import nbformat
from nbformat.sign import NotebookNotary

import book

sys.path.insert(0, str(book.ROOT / "nbs"))
import _nbfilter
import frame
from _nbfilter import KINDS, directives, is_solution, prose_lines, set_text, text, walk
from to_myst import CALLOUT, EQUATION, HEADING, headed, references

LAB = book.ROOT / "lab"
RECORD = ".copies.json"      # what each copy was when it was made: {path: digest}
LINK = re.compile(r"\]\(((?:\.\./)*[\w/]+\.ipynb)(#[\w-]*)?\)")


def in_order(number, name):
    """'03 Views': a number in front of which a file browser puts nothing that comes later; letters follow."""
    return f"{number.zfill(2) if number.isdigit() else number} {name}"


def place(part, chapter):
    """'01 Tensors/03 Views.ipynb': the numbers are the site's; a chapter goes by its topic."""
    topic = re.sub(r"[^\w .,-]", "", _nbfilter.headline(chapter.title)[0])
    return f"{in_order(*part.split(' ', 1))}/{in_order(chapter.number.split('.')[1], topic)}.ipynb"


def anchor(heading):
    """How JupyterLab names the place of a heading."""
    return "#" + heading.lstrip("# ").replace("`", "").replace(" ", "-")


def targets(notebooks):
    """{'sec-views': (path, heading)}; an equation or a figure has None for its heading."""
    found = {}
    for path, nb in notebooks.items():
        for cell in nb["cells"]:
            for line in prose_lines(cell) if cell["cell_type"] == "markdown" else []:
                if match := HEADING.match(line):
                    found[match[2]] = path, match[1]
                elif match := EQUATION.match(line):
                    found[match[2]] = path, None
            if label := directives(cell).get("label"):
                found[label] = path, None
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
        if heading is None:
            kind = KINDS[match[2]]
            return kind if path == self.path else f"[{kind}]({self.link(path)})"
        shown = heading.lstrip("# ")
        return f"[{shown}]({anchor(heading) if path == self.path else self.link(path, anchor(heading))})"

    def chapter_link(self, match):
        path = os.path.normpath(os.path.join(os.path.dirname(self.path), match[1]))
        return f"]({self.link(path, match[2] or '')})" if path in self.where else match[0]

    def linked(self, line):
        return LINK.sub(self.chapter_link, references(line, self.reference))

    def callout(self, match, rest):
        """The head of a note; a fold is the HTML that Jupyter renders."""
        kind, title, folded = headed(match, rest)
        name, self.closing = title or kind.capitalize(), "</details>" if folded else ""
        return f"<details><summary>{name}</summary>\n" if folded else f"**{name}.**\n"

    def line(self, line, rest):
        if match := CALLOUT.match(line):
            return self.callout(match, rest)
        if line.strip() == ":::":
            return f"\n{self.closing}"
        if match := HEADING.match(line):
            return match[1]
        if match := EQUATION.match(line):
            return f"{match[1]}$$"
        return self.linked(line)

    def markdown(self, source):
        lines = source.splitlines()
        return "\n".join(self.line(line, lines) if is_prose else line for line, is_prose in walk(lines))

    def code(self, cell):
        options = directives(cell)
        lines = text(cell).splitlines(keepends=True)[len(options):]
        if options.get("code-fold") == "true":
            lines.insert(0, f"# {options['code-summary']}\n")
            cell["metadata"]["jupyter"] = {"source_hidden": True}
        if is_solution(cell):
            cell["metadata"]["jupyter"]["outputs_hidden"] = True
        set_text(cell, "".join(lines))
        if "fig-cap" not in options:
            return [cell]
        caption = {"cell_type": "markdown", "id": options["label"][:64], "metadata": {}, "source": []}
        set_text(caption, f"*{self.linked(options['fig-cap'])}*")
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
    chapters = [(part, chapter) for part, found in frame.parts(root) for chapter in found]
    notebooks = {chapter.path: chapter.nb for _, chapter in chapters}
    where, known = {chapter.path: place(part, chapter) for part, chapter in chapters}, targets(notebooks)
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


def sign(lab=LAB, notary=None):
    """Tell Jupyter that the copies, as they were made, may show their pictures: it keeps back those of a
    notebook that was neither run nor signed on this machine."""
    notary = notary or NotebookNotary()
    for name, made in book.read(lab / RECORD).items():
        if digest(book.read(lab / name)) == made:
            notary.sign(nbformat.read(lab / name, as_version=4))


if __name__ == "__main__":
    for name in write():
        print(f"lab/{name} is yours and stays as it is; the book has a newer one: move yours away to get it")
    sign()
