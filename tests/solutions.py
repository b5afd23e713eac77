"""The folded solutions of the exercises: each runs in its notebook, and passes the notebook's own checks.

A solution stands in a callout, in blocks of Python. The cells of the exercises run once more after the chapter, each
solution where it stands among them; where a later cell defines the same name (the answer shown again), that is left
out, so that its asserts meet the solution.
At the end every `check` or `check_...` function of the exercises is called: its parameters have the names of the solutions.
Solutions that are cells, with `code-fold`, run with their chapter in test_book.py.
"""
import ast
import re

import _nbfilter
import book

CALLOUT = re.compile(r'^::: \{\.callout-tip collapse="true" title="Solution.*?^:::$',
                     re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
DEFINITIONS = (ast.FunctionDef, ast.ClassDef)


def solutions(cell):
    if cell["cell_type"] != "markdown":
        return []
    return [block for callout in CALLOUT.findall(_nbfilter.text(cell)) for block in BLOCK.findall(callout)]


def defined(sources):
    """The functions and classes that the sources define at their top level."""
    return [node for source in sources for node in ast.parse(source).body if isinstance(node, DEFINITIONS)]


def without(source, names):
    """The source, less the definitions of these names."""
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not (isinstance(node, DEFINITIONS) and node.name in names)]
    return ast.unparse(tree)


def calls(sources):
    """Code that calls each check with the solutions, which have the names of its parameters."""
    checks = [node for node in defined(sources) if node.name.split("_")[0] == "check"]
    return "\n".join(f"assert {check.name}({ast.unparse(check.args)}) is not False" for check in checks)


def answered(cells):
    """The exercises with their answers, to be run after the chapter, and the answers' names; cells that need
    something are left out."""
    cells = [cell for cell in cells if not set(_nbfilter.FLAGS) & set(_nbfilter.directives(cell))]
    start = next(n for n, cell in enumerate(cells)
                 if re.search("^## Exercise", _nbfilter.text(cell), re.MULTILINE))
    exercises, answers = [], set()
    for cell in cells[start:]:
        if "## The lesson ends here" in _nbfilter.text(cell):      # below it stands the file
            break
        if cell["cell_type"] == "code":
            exercises.append(without(_nbfilter.text(cell), answers))
        answers |= {node.name for node in defined(solutions(cell))}
        exercises += solutions(cell)
    return exercises + [calls(exercises)], answers


CELLS = {path: book.read(book.ROOT / path)["cells"] for path in book.notebooks()}
ANSWERED = {path: answered(cells) for path, cells in CELLS.items() if any(map(solutions, cells))}


def unasked(exercises, answers):
    """The answers that no check looks at."""
    outside = [node for source in exercises for node in ast.walk(ast.parse(without(source, answers)))]
    return answers - {node.id for node in outside if isinstance(node, ast.Name)}
