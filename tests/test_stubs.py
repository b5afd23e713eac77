"""The type stubs are in step with the package, and an editor finds its way by them."""
import ast

import pytest

import book
import edunets as en
import stubs
from edunets.names import FUNCTIONS


def test_stubs_are_in_step():
    for name, text in stubs.texts().items():
        assert (book.ROOT / "edunets"
                / name).read_text() == text, f"edunets/{name}: `make export` writes it anew"


def defined(name):
    return {node.name for node in ast.walk(ast.parse(stubs.texts()[name]))
            if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


def test_every_name_is_there():
    assert {name for name in FUNCTIONS if "." not in name} - defined("__init__.pyi") == set()
    methods = {name for name, value in vars(en.Tensor).items()
               if not name.startswith("_") and callable(value)}
    assert methods - defined("tensors.pyi") == set()


@pytest.mark.parametrize("code, wanted",
                         [("import edunets as en\nen.zeros(2).softma", "softmax"),
                          ("import edunets as en\nen.logad", "logaddexp"),
                          ("import edunets as en\nx = en.ones(2)\nx.add_(1).rel", "relu"),
                          ("import edunets as en\nen.linalg.matrix_r", "matrix_rank"),
                          ("import edunets as en\nen.nn.functional.lin", "linear"),
                          ("from edunets import nn\nnn.Linear(2, 3).load_st", "load_state_dict"),
                          ("from edunets import nn\nnn.Linear(2, 3).reset", "reset_parameters")])
def test_an_editor_completes(code, wanted):
    jedi = pytest.importorskip("jedi")
    project = jedi.Project(str(book.ROOT))
    assert wanted in [c.name for c in jedi.Script(code, project=project).complete()]
