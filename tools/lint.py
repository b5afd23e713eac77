"""Are the notebooks fit for both renderers, for readers, and for other machines?

    python tools/lint.py    print what is wrong, if anything

The allow-lists below are what Quarto and tools/to_myst.py both render. Something new is first
taught to to_myst.py and shown in tests/sample_book.py, then allowed here.
"""
import io
import re
import sys
import tokenize
from pathlib import PurePosixPath

import book

sys.path.insert(0, str(book.ROOT / "nbs"))
import _nbfilter
from _nbfilter import directives, prose_lines, text

MOST_CELLS = 40      # of code, in a chapter; words between them cost nothing
# in a cell; in one that is a single definition, and can't be cut; in a fold: who opens it wants all of it,
# and cut into cells it would be several folds of one name below each other
MOST_EXPORTED_LINES, MOST_OF_ONE, MOST_FOLDED = 40, 55, 120
MOST_IN_A_ROW = 3                    # cells of code without a word between; a fold says what is in it
MOST_COLUMNS = 110
MOST_OUTPUT_BYTES = 400_000          # one cell's outputs, as stored
MOST_PLOT_BYTES = 150_000
DIRECTIVES = {"default_exp", "export", "exporti", "hide", "eval", "notest", "label", "fig-cap", "code-fold",
              "code-summary", "echo", *_nbfilter.FLAGS}
SAID = re.compile(r"#\|\s*(code-summary|fig-cap):\s*(.*?)\s*$")      # what the reader is told, as YAML
CALLOUTS = {"note", "tip", "warning", "important"}
CALLOUT = re.compile(r'::: \{\.callout-(\w+)(?: (?:collapse="true"|title="[^"]*"))*\}')
ATTRIBUTES = re.compile(r"\{#(sec|eq)-[\w-]*\w\}$")
PYPLOT = re.compile(r"^(import|from) matplotlib\b", re.MULTILINE)
MACHINE_PATH = re.compile(r"(?<![\w.])(/home/|/root/|/Users/|/tmp/|/work/|/opt/|/usr/)")


def shape(nb):
    """What the file itself must be."""
    if (nb["nbformat"], nb["nbformat_minor"]) != (4, 5):
        yield "the notebook is not nbformat 4.5"
    shown = sum(cell["cell_type"] == "code" and not any(name in directives(cell) for name in _nbfilter.EXPORT)
                for cell in nb["cells"])
    if shown > MOST_CELLS:
        yield f"{shown} cells of code that are not exported; a chapter has at most {MOST_CELLS}"
    ids = [cell.get("id") for cell in nb["cells"]]
    if None in ids or len(set(ids)) < len(ids):
        yield "each cell needs an id of its own"
    if not all(isinstance(cell["source"], list) for cell in nb["cells"]):
        yield "a source is not a list of lines"


def divs(lines):
    """Callouts only, not nested, closed in their own cell."""
    is_open = False
    for line in lines:
        if not line.startswith(":::"):
            continue
        match = CALLOUT.fullmatch(line.rstrip())
        if line.strip() == ":::":
            if not is_open:
                yield "a ::: closes nothing"
            is_open = False
        elif not match or match[1] not in CALLOUTS:
            yield f"not an allowed callout: {line}"
        elif is_open:
            yield f"a callout inside a callout: {line}"
        else:
            is_open = True
    if is_open:
        yield "a callout is not closed in its cell"


def prose(cell, labels):
    lines = prose_lines(cell)
    yield from divs(lines)
    for line in lines:
        bare = re.sub(r"`+[^`]*`+", "", line)
        for braces in re.findall(r"\{[#.][^}]*\}", re.sub(r"\$.*?\$", "", bare)):
            if (not line.startswith(":::")
                and not (ATTRIBUTES.match(braces) and bare.rstrip().endswith(braces))):
                yield f"attributes that only one renderer knows: {braces}"
        for name in re.findall(r"(?<![\w`@])@([A-Za-z][\w-]*)", bare):
            if name not in labels:
                yield f"@{name} points at nothing (a decorator goes into backticks)"
        if ("{{<" in bare or "[^" in bare
            or re.search(r"^\s*<(?!/?(details|summary|br|p|div|img|svg|sub|sup|kbd|https?:))\w", bare)):
            yield f"a form that the lint does not know: {line.strip()[:60]}"
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)\s]+)\)", bare):
            if not target.endswith((".ipynb", ".png", ".svg", ".jpg")):
                yield f"a link to something that is not in the book: {target}"
    if MACHINE_PATH.search(text(cell)):
        yield f"the path of one machine: {MACHINE_PATH.search(text(cell))[0]}"


def in_long_strings(source):
    """The lines that hold a text over several lines, or one that fills most of its line: these can't be broken."""
    inside = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            (first, start), (last, end) = token.start, token.end
            if token.type == tokenize.STRING and (last > first or end - start > MOST_COLUMNS // 2):
                inside.update(range(first, last + 1))
    except (tokenize.TokenError, IndentationError):
        pass
    return inside


def columns(source):
    """Lines of code that a page of 1440 pixels does not show whole."""
    long = [number for number, line in enumerate(source.splitlines(), start=1)
            if len(line) > MOST_COLUMNS and not line.startswith("#|")]
    for number in sorted(set(long) - in_long_strings(source)) if long else []:
        yield f"line {number} has more than {MOST_COLUMNS} columns"


def code(cell):
    found = directives(cell)
    yield from columns(text(cell))
    for name in found.keys() - DIRECTIVES:
        yield f"not an allowed directive: #| {name}"
    if ("fig-cap" in found) != ("label" in found) or not found.get("label", "fig-").startswith("fig-"):
        yield "label: fig-... and fig-cap go together"
    for line in text(cell).splitlines()[:len(found)]:
        said = SAID.match(line)
        if said and not re.fullmatch('"[^"]*"', said[2]):
            yield f"{said[1]} stands between double quotes, and has none inside: {said[2]}"
        if said and re.search(r"\d+ lines?\b", said[2]):
            yield f"the site counts the lines of a fold: {said[2]}"
    lines = [line for line in text(cell).splitlines() if line.strip()]
    definitions = sum(line.startswith(("def ", "class ")) for line in lines)
    if found.get("code-fold") == "true":
        most = MOST_FOLDED
    else:
        most = MOST_OF_ONE if definitions == 1 else MOST_EXPORTED_LINES
    if any(name in found for name in _nbfilter.EXPORT) and len(lines) - len(found) > most:
        yield f"{len(lines) - len(found)} exported lines in one cell; at most {most}"
    if any(line.startswith("#|") for line in text(cell).splitlines()[len(found):]):
        yield "a directive that does not stand at the head of its cell"
    if MACHINE_PATH.search(text(cell)):
        yield f"the path of one machine: {MACHINE_PATH.search(text(cell))[0]}"
    if PYPLOT.search(text(cell)) and "export" not in found:
        yield "plt of Matplotlib; the book's is in edunets.draw.plots"
    yield from outputs(cell)


def output_text(output):
    data = output.get("data", {})
    readable = [data[kind] for kind in ("text/plain", "text/html", "image/svg+xml") if kind in data]
    return "\n".join("".join(part)
                     for part in [*readable, output.get("text", []), output.get("traceback", [])])


def outputs(cell):
    if len(book.json.dumps(cell["outputs"])) > MOST_OUTPUT_BYTES:
        yield f"outputs of more than {MOST_OUTPUT_BYTES:,} bytes"
    for output in cell["outputs"]:
        if "image/png" in output.get("data", {}):
            yield "a picture in pixels, on white in the dark theme; plots are SVG (edunets.draw.plots)"
        if len("".join(output.get("data", {}).get("image/svg+xml", []))) > MOST_PLOT_BYTES:
            yield f"a plot of more than {MOST_PLOT_BYTES:,} bytes"
        html = "".join(output.get("data", {}).get("text/html", []))
        if len(re.findall(r"<t[dh]\b", html)) != len(re.findall(r"</t[dh]>", html)):
            yield "a table with cells that are not closed; Quarto cannot read it"
        if MACHINE_PATH.search(output_text(output)):
            yield f"the path of one machine in an output: {MACHINE_PATH.search(output_text(output))[0]}"


def labels_of(nb):
    """What can be pointed at: {'sec-x', 'eq-y', 'fig-z'}, as a list, so that doubles show."""
    found = []
    for cell in nb["cells"]:
        if cell["cell_type"] == "markdown":
            found += re.findall(r"\{#([\w-]+)\}", "\n".join(prose_lines(cell)))
        elif "label" in directives(cell):
            found.append(directives(cell)["label"])
    return found


def titles(nb):
    """One H1 a chapter, in its first cell that is shown."""
    shown = [cell for cell in nb["cells"] if not any(name in directives(cell) for name in _nbfilter.DROP)]
    heads = [line for cell in shown if cell["cell_type"] == "markdown" for line in prose_lines(cell)
             if line.startswith("# ")]
    if len(heads) != 1 or not text(shown[0]).startswith("# "):
        yield "a chapter begins with its title, the only H1"


def wordless(nb):
    """Cells of code that stand there without a word."""
    row = []
    for cell in [*nb["cells"], {"cell_type": "markdown"}]:
        found = directives(cell) if cell["cell_type"] == "code" else {}
        if cell["cell_type"] == "code" and found.get("code-fold") != "true":
            if found.get("echo") != "false" and not any(name in found for name in _nbfilter.DROP):
                row.append(cell["id"])
            continue
        if len(row) > MOST_IN_A_ROW:
            yield (f"{len(row)} cells of code in a row, from id {row[0]}: at most {MOST_IN_A_ROW} without "
                   "a word")
        row = []


def notebook(nb, labels):
    yield from shape(nb)
    yield from titles(nb)
    yield from wordless(nb)
    for number, cell in enumerate(nb["cells"]):
        found = code(cell) if cell["cell_type"] == "code" else prose(cell, labels)
        for problem in found:
            yield f"cell {number} (id {cell.get('id')}): {problem}"


def check(root=book.ROOT):
    """Every problem of every notebook under nbs/, as a list of lines."""
    paths = sorted(str(PurePosixPath(path.relative_to(root))) for path in (root / "nbs").rglob("*.ipynb")
                   if not path.name.startswith((".", "_")) and ".ipynb_checkpoints" not in path.parts)
    nbs = {path: book.read(root / path) for path in paths}
    labels = [label for nb in nbs.values() for label in labels_of(nb)]
    problems = [f"{path}: {problem}" for path, nb in nbs.items()
                for problem in notebook(nb, set(labels))]
    folders = [root / folder for folder in ("tests", "tools", "benchmarks")]
    scripts = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    problems += [f"{path.relative_to(root)}: {problem}" for path in scripts
                 for problem in columns(path.read_text(encoding="utf-8"))]
    problems += [f"the label {label} is used twice"
                 for label in sorted({x for x in labels if labels.count(x) > 1})]
    problems += [f"{path}: not in _quarto.yml" for path in paths if path not in book.notebooks(root)]
    problems += [f"{path}: in _quarto.yml, but there is no such file" for path in book.notebooks(root)
                 if path not in paths]
    return problems


if __name__ == "__main__":
    problems = check()
    print("\n".join(problems) or "the notebooks are fine")
    sys.exit(bool(problems))
