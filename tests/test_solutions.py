"""The folded solutions of the exercises: each runs in its notebook, and passes the notebook's own checks.

A solution stands in a callout, in blocks of Python. It runs where it stands, after the cells above it; where a
later cell defines the same name (the answer shown again), that is left out, so that its asserts meet the solution.
At the end every `check` or `check_...` function of the exercises is called: its parameters have the names of the solutions.
Solutions that are cells, with `code-fold`, run with their chapter in test_book.py.
"""
import ast
import re
import shutil

import nbformat
import pytest

import _nbfilter
import book
import execute
from chapters import chapters_of, passes

CALLOUT = re.compile(r'^::: \{\.callout-tip collapse="true" title="Solution.*?^:::$',
                     re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# cells that time matrix products for seconds, and draw it; no exercise needs them
LONG = {"587d513c", "d7deca84"}
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
    """What to run before the exercises, and the exercises with their answers; cells that need something
    are left out."""
    cells = [cell for cell in cells if cell["id"] not in LONG and not set(_nbfilter.FLAGS)
             & set(_nbfilter.directives(cell))]
    start = next(n for n, cell in enumerate(cells)
                 if re.search("^## Exercise", _nbfilter.text(cell), re.MULTILINE))
    before = [_nbfilter.text(cell) for cell in cells[:start] if cell["cell_type"] == "code"]
    exercises, answers = [], set()
    for cell in cells[start:]:
        if cell["cell_type"] == "code":
            exercises.append(without(_nbfilter.text(cell), answers))
        answers |= {node.name for node in defined(solutions(cell))}
        exercises += solutions(cell)
    return before, exercises + [calls(exercises)], answers


WITH_SOLUTIONS = [path for path in book.notebooks()
                  if any(map(solutions, book.read(book.ROOT / path)["cells"]))]


@pytest.fixture(scope="module")
def running(request, tmp_path_factory):
    folder, paths = tmp_path_factory.mktemp("solutions"), chapters_of(request, test_solutions)
    # shown by some cells
    shutil.copytree(book.ROOT / "benchmarks" / "results", folder / "benchmarks" / "results")
    for path in paths:
        before, exercises, _ = answered(book.read(book.ROOT / path)["cells"])
        cells = [nbformat.v4.new_code_cell(source) for source in before + exercises]
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / path)
    with execute.futures(paths, folder) as futures:
        yield futures


@pytest.mark.parametrize("path", WITH_SOLUTIONS)
def test_solutions(path, running):
    _, exercises, answers = answered(book.read(book.ROOT / path)["cells"])
    outside = [node for source in exercises for node in ast.walk(ast.parse(without(source, answers)))]
    assert answers <= {node.id for node in outside
                       if isinstance(node, ast.Name)}, "no check looks at a solution"
    passes(running[path])
