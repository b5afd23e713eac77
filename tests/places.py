"""Which names have a variant that writes into what is there, here and in PyTorch; and calls with `out=`,
made from the sample calls."""
import ast
import functools
import inspect
import re

import beside
import edunets as en
from edunets.names import FUNCTIONS
from test_names import SAMPLES, place_in


def function_calls(name):
    """The sample calls of a function, each as one call `m.name(...)` without `out=`; those of the method
    are turned into that."""
    found = []
    for code in SAMPLES.get(name, []):
        code = re.sub(rf"^([a-ln-zA-Z])\.{name}\((?!\))", rf"m.{name}(\1, ",
                      re.sub(rf"^([a-ln-zA-Z])\.{name}\(\)", rf"m.{name}(\1)", code))
        tree = None if "; " in code else ast.parse(code, mode="eval").body
        if isinstance(tree, ast.Attribute): tree = tree.value      # m.sort(x).values
        if (isinstance(tree, ast.Call) and ast.unparse(tree.func) == f"m.{name}"
            and "out" not in {k.arg for k in tree.keywords}):
            found.append(ast.unparse(tree))
    return list(dict.fromkeys(found))


def place_for(result, m):
    "An empty place for a result; None for what is no tensor."
    if isinstance(result, m.Tensor): return m.zeros(0, dtype=result.dtype)
    if isinstance(result, tuple) and result and all(isinstance(x, m.Tensor) for x in result):
        return tuple(place_for(x, m) for x in result)


def takes_out(name, m):
    "Whether a function takes `out=`, found out by trying."
    for code in function_calls(name):
        place = place_for(beside.run(code, m), m)
        if (place is not None
            and not isinstance(beside.run(f"{code[:-1]}, out=place)", m,
                                          {**beside.letters(code, m), "place": place}), Exception)):
            return True
    return False


@functools.cache
def variants(name, torch):
    "What there is of a function besides itself, ours and PyTorch's."
    ours = {"method in place": hasattr(en.Tensor, name + "_"),
            "function in place": name + "_" in FUNCTIONS,
            "out=": "out" in inspect.signature(FUNCTIONS[name]).parameters}
    theirs = {"method in place": hasattr(torch.Tensor, name + "_"),
              "function in place": place_in(torch, name + "_") is not None,
              "out=": takes_out(name, torch)}
    return tuple({what for what, there in side.items() if there} for side in (ours, theirs))
