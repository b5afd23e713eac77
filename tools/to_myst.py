"""Translate what Quarto writes into what MyST-NB reads; only the forms that tools/lint.py allows.

    # Title {#sec-x}                  (sec-x)= above the heading
    $$ ... $$ {#eq-x}                 $$ ... $$ (eq-x)
    ::: {.callout-note}               :::{note}, or a fold with collapse="true"
    @sec-x, @eq-x, @fig-x             {ref}, {eq}
    #| label: fig-x, #| fig-cap:      a numbered caption under the cell
    #| code-fold, code-summary, echo  cell tags
    # Topic: question?                spans, as in Quarto
"""
import functools
import re

from _nbfilter import directives, is_solution, set_text, text, walk, with_marked_headline

HEADING = re.compile(r"(#+ .*?)\s*\{#(sec-[\w-]+)\}\s*$")
EQUATION = re.compile(r"(.*)\$\$\s*\{#(eq-[\w-]+)\}\s*$")
CALLOUT = re.compile(r":::+\s*\{\.callout-(\w+)([^}]*)\}\s*$")
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
REFERENCE = re.compile(r"@((sec|eq|fig)-[\w-]*\w)")


def figure_numbers(notebooks):
    """{'fig-x': '4.1.3'}: figures are numbered within their chapter; `notebooks` is {chapter number:
    notebook}."""
    found = {}
    for chapter, nb in notebooks.items():
        labels = [label for cell in nb["cells"]
                  if (label := directives(cell).get("label", "")).startswith("fig-")]
        found |= {label: f"{chapter}.{n}" for n, label in enumerate(labels, start=1)}
    return found


def reference(figures, match):
    label, kind = match[1], match[2]
    if kind == "fig":
        return f"{{ref}}`Figure {figures[label]} <{label}>`"
    return f"{{eq}}`{label}`" if kind == "eq" else f"{{ref}}`{label}`"


def references(line, written):
    """Replace references by what `written` makes of a match, but not inside `code`."""
    pieces = re.split(r"(`+[^`]*`+)", line)
    pieces[::2] = [REFERENCE.sub(written, piece) for piece in pieces[::2]]
    return "".join(pieces)


def headed(match, lines):
    """A callout's kind, its title (an attribute or a heading in the lines that follow; or None), and whether
    it is folded."""
    attributes = dict(ATTRIBUTE.findall(match[2]))
    title = attributes.get("title")
    while not title and lines and not lines[0].strip():
        lines.pop(0)
    if not title and lines and lines[0].startswith("#"):
        title = lines.pop(0).lstrip("# ")
    return match[1], title, attributes.get("collapse") == "true"


def callout(match, lines):
    kind, title, folded = headed(match, lines)
    if folded:
        return f":::{{dropdown}} {title or kind.capitalize()}\n:class-container: edu-fold"
    return f":::{{admonition}} {title}\n:class: {kind}" if title else f":::{{{kind}}}"


def line_to_myst(line, rest, written):
    if match := CALLOUT.match(line):
        return callout(match, rest)
    if match := HEADING.match(line):
        return f"({match[2]})=\n{references(match[1], written)}"
    if match := EQUATION.match(line):
        return f"{match[1]}$$ ({match[2]})"
    return references(line, written)


def markdown(source, figures):
    """One markdown text, line by line; fenced code is left as it is."""
    lines, written = source.splitlines(), functools.partial(reference, figures)
    return "\n".join(line_to_myst(line, lines, written) if is_prose else line
                     for line, is_prose in walk(lines))


def code(cell, figures):
    """A code cell without its options, and its caption cell if it is a figure."""
    options, solution = directives(cell), is_solution(cell)
    set_text(cell, "".join(text(cell).splitlines(keepends=True)[len(options):]))
    if options.get("code-fold") == "true":
        cell["metadata"]["tags"] = ["hide-cell" if solution else "hide-input"]
        cell["metadata"]["mystnb"] = {f"code_prompt_{way}": options["code-summary"]
                                      for way in ("show", "hide")}
    if options.get("echo") == "false":
        cell["metadata"]["tags"] = ["remove-input"]
    label = options.get("label", "")
    if not label.startswith("fig-"):
        return [cell]
    caption = (f"({label})=\n\n{{.edu-caption}}\n**Figure {figures[label]}.** "
               f"{references(options['fig-cap'], functools.partial(reference, figures))}\n")
    return [cell, {"cell_type": "markdown", "id": label[:64], "metadata": {}, "source": caption}]


def notebook(nb, figures):
    cells = []
    for cell in nb["cells"]:
        if cell["cell_type"] == "markdown":
            with_marked_headline(cell)
            set_text(cell, markdown(text(cell), figures))
        cells += code(cell, figures) if cell["cell_type"] == "code" else [cell]
    nb["cells"] = cells
    return nb
