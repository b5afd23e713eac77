"""What a notebook shows on a page: nbdev's directives go, notes for the reader come.

Quarto runs this file on every notebook (`ipynb-filters`, stdin to stdout) and
`tools/site_build.py` imports it, so both renderers show the same. Standard library only.
"""
import ast
import html
import json
import re
import sys

FLAGS = ("gpu", "torch", "jax", "mlx", "cc", "cupy", "slow")   # a cell with one of these runs only where its need is met
EXPORT = ("export", "exporti")
DROP = ("hide", "default_exp")            # cells that the reader does not see
# a reference, where there are no links
KINDS = {"sec": "the section", "eq": "the equation", "fig": "the figure"}
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


def walk(lines):
    """(line, is it prose?) of a list of markdown lines: fenced code is not. Lines are taken off the list as it
    goes, so that who reads a line may take those that belong to it."""
    fenced = False
    while lines:
        line = lines.pop(0)
        is_fence = line.lstrip().startswith("```")
        yield line, not (fenced or is_fence)
        fenced ^= is_fence


def prose_lines(cell):
    """Lines outside fenced code."""
    return [line for line, is_prose in walk(text(cell).splitlines()) if is_prose]


def strip_directives(cell):
    """Drop nbdev's lines (no colon, or `eval:`); the renderers need theirs (`label: fig-x`)."""
    lines = text(cell).splitlines(keepends=True)
    head = len(directives(cell))
    kept = [line for line in lines[:head] if DIRECTIVE.match(line)[2] and DIRECTIVE.match(line)[1] != "eval"]
    set_text(cell, "".join(kept + lines[head:]).lstrip("\n"))


# Folds

def tree(cell):
    """The parsed code of a cell; empty where it is not plain Python."""
    try:
        return ast.parse(text(cell)).body
    except SyntaxError:
        return []


def defined(cell):
    """The functions and classes that a cell defines at its top level."""
    return [node.name for node in tree(cell) if isinstance(node, (ast.FunctionDef, ast.ClassDef))]


def public(cell):
    """The names that a cell gives to its module: what it defines, and the rows that a call adds
    (`elementwise(exp=...)`)."""
    calls = [node.value for node in tree(cell) if isinstance(node, ast.Expr)
             and isinstance(node.value, ast.Call)]
    rows = [word.arg for call in calls for word in call.keywords if isinstance(word.value, ast.Lambda)]
    return [name for name in defined(cell) + rows if not name.startswith("_")]


def only_imports(cell):
    return bool(tree(cell)) and all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in tree(cell))


def lines_in(cell):
    lines = len(text(cell).strip().splitlines()) - len(directives(cell))
    return f"{lines} line{'s' * (lines != 1)}"


def summary(cell):
    """What stands on a fold that was given no summary: 'check_names, check_sizes: 31 lines'."""
    names = defined(cell)
    listed = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return (f"{listed}: " if names else "") + lines_in(cell)


def fold(cell, exported):
    """Exported cells of imports only fold by themselves; each fold gets a summary, which says how long it is."""
    found = directives(cell)
    imports = exported and only_imports(cell) and "code-fold" not in found
    if not imports and found.get("code-fold") != "true":
        return
    said = found.get("code-summary")
    if said is None:
        said = "imports" if only_imports(cell) else summary(cell)
    elif not is_solution(cell):
        said += f": {lines_in(cell)}"
    lines = text(cell).splitlines(keepends=True)
    head = [line for line in lines[:len(found)] if not line.startswith("#| code-summary:")]
    options = ["#| code-fold: true\n"] * imports + [f'#| code-summary: "{said}"\n']
    set_text(cell, "".join(head + options + lines[len(found):]))


def is_solution(cell):
    """Its output is folded with it."""
    found = directives(cell)
    return found.get("code-fold") == "true" and found.get("code-summary", "").startswith("Solution")


# Notes for the reader

def note(kind, content, anchor=""):
    return {"cell_type": "markdown", "id": f"note-{kind}", "metadata": {},
            "source": [f'<p class="edu-{kind}"{anchor}>{content}</p>\n']}


def ran_silently(cell):
    """Whether there is no output whose date and versions could be told."""
    return "edunets" in cell["metadata"] and not cell["outputs"]


def made_note(flag, cell):
    """When and with what the output of a flagged cell was made."""
    made = cell["metadata"].get("edunets")
    if not made:
        return note("made", f"This cell needs <code>{flag}</code> and has not been run yet.")
    versions = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    return note("made", f"Output of {made['made']}, with {versions}.")


def inline_svg(cell):
    """Plots go into the page itself, where they take the colours of its theme; a caption is the name of
    its plot for who can't see it."""
    caption = directives(cell).get("fig-cap")
    name = f'role="img" aria-label="{html.escape(plain(caption))}" ' if caption else ""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if svg := "".join(data.pop("image/svg+xml", [])):
            shown = svg[svg.index("<svg"):].strip().replace("<svg ", f"<svg {name}", 1)
            data.setdefault("text/html", [f'<div class="edu-svg">{shown}</div>'])


def default_exp(nb):
    for cell in nb["cells"]:
        if "default_exp" in directives(cell):
            return directives(cell)["default_exp"]
    return ""


def show(nb):
    """The notebook as a reader sees it."""
    module, cells, last = default_exp(nb), [], None
    for cell in nb["cells"]:
        found = directives(cell)
        if any(name in found for name in DROP):
            continue
        exported = [found[name] or module for name in EXPORT if name in found]
        flagged = [name for name in FLAGS if name in found]
        if exported:      # said once for cells that follow each other
            follows = cells and cells[-1] is last
            cells.append(note("anchor" if follows else "exported",
                              "" if follows else f"exported to <code>edunets.{exported[0]}</code>",
                              f' id="cell-{cell["id"]}"'))
        strip_directives(cell)
        if cell["cell_type"] == "code":
            fold(cell, bool(exported))
        inline_svg(cell)
        cells.append(cell)
        if exported:
            last = cell
        if flagged and not ran_silently(cell):
            cells.append(made_note(flagged[0], cell))
    for number, cell in enumerate(cells):
        if cell["id"].startswith("note-"):
            cell["id"] += f"-{number}"
    nb["cells"] = cells
    return nb


def plain(caption):
    """A caption as the name of its picture: without markup."""
    return re.sub(r"[`*$]", "", re.sub(r"@(sec|eq|fig)-[\w-]*\w", lambda match: KINDS[match[1]], caption))


def headline(line):
    """A chapter's title as (topic, question): 'Views: who else sees my write?'. Without a colon all of it
    is the topic."""
    topic, colon, question = re.sub(r"\s*\{#[\w-]+\}\s*$", "", line.removeprefix("# ")).partition(": ")
    return topic, question


def marked_headline(line):
    """The title in spans, which the page's head and the list of chapters show each in its way."""
    topic, question = headline(line)
    label = re.search(r" \{#[\w-]+\}\s*$", line)
    name = " .edu-name" if question.startswith("`") else ""      # a name keeps its small letter
    rest = f"[:]{{.edu-colon}} [{question}]{{.edu-question{name}}}" if question else ""
    return f"# [{topic}]{{.edu-topic}}{rest}" + (label[0] if label else "")


def with_marked_headline(cell):
    if cell["cell_type"] == "markdown" and text(cell).startswith("# "):
        first, *rest = text(cell).split("\n", 1)
        set_text(cell, "\n".join([marked_headline(first), *rest]))


def folded_with_output(cell):
    """A solution between the ends of a fold, for Quarto."""
    found = directives(cell)
    lines = [line for line in text(cell).splitlines(keepends=True)
             if not line.startswith(("#| code-fold:", "#| code-summary:"))]
    set_text(cell, "".join(lines))
    ends = [f'::: {{.callout-tip collapse="true" title="{found["code-summary"]}"}}', ":::"]
    return [{"cell_type": "markdown", "id": f"fold-{place}-{cell['id']}"[:64], "metadata": {},
             "source": [end + "\n"]}
            for place, end in enumerate(ends)]


def after_the_picture(cell):
    """What a cell with a caption shows after its picture (a table), as a cell of its own."""
    shown = [number for number, output in enumerate(cell.get("outputs", []))
             if "text/html" in output.get("data", {})]
    if "label" not in directives(cell) or len(shown) < 2:
        return None
    rest = cell["outputs"][shown[1]:]
    del cell["outputs"][shown[1]:]
    return cell | {"id": f"after-{cell['id']}"[:64], "source": ["#| echo: false\n"], "outputs": rest}


def for_quarto(nb):
    """What only Quarto needs: a picture with a caption as the one result of its cell (each further one would
    become a part of the figure); and HTML that asks for no scripts (as text/html it brings require.js and
    jQuery from the web)."""
    cells = []
    for cell in nb["cells"]:
        with_marked_headline(cell)
        first, last = folded_with_output(cell) if is_solution(cell) else (None, None)
        cells += [part for part in (first, cell, after_the_picture(cell), last) if part]
    nb["cells"] = cells
    for cell in nb["cells"]:
        found, outputs = directives(cell), cell.get("outputs", [])
        for number, output in enumerate(outputs):
            data = output.get("data", {})
            if "label" in found and len(outputs) > 1 and list(data) == ["text/plain"]:
                outputs[number] = {"output_type": "stream", "name": "stdout",
                                   "text": "".join(data["text/plain"]) + "\n"}
            if "text/html" in data:
                data["text/markdown"] = "`````{=html}\n" + "".join(data.pop("text/html")).strip() + "\n`````"
    return nb


if __name__ == "__main__":
    json.dump(for_quarto(show(json.load(sys.stdin))), sys.stdout)
