"""Calls with drawn tensors: every shape, dtype, layout and value that PyTorch or NumPy should be asked about.

A call comes from a function's signature, where its arguments say what they are (`input`, `other`, `dim`, `keepdim`), or from
one of its sample calls, whose letters are then given tensors with as many dimensions, but other sizes, dtypes, layouts and values.
"""
import dataclasses
import inspect
import math
import re

import numpy as np
from hypothesis import strategies as st

import beside
import edunets as en
from edunets.names import FUNCTIONS

FLOATS = ["float32", "float64", "float16"]
INTEGERS = ["int64", "int32", "uint8", "int16", "int8"]
TAME = [0.0, 1.0, -1.0, 0.5, -2.5, 2.5, 0.25, 3.0, -0.75, 1.5]
WILD = TAME + [-0.0, math.nan, math.inf, -math.inf, 1e-3, 20.0, -20.0, 100.0]
WHOLE = [0, 1, 2, 3, 7, -1, -2, -5, 100]


@dataclasses.dataclass
class Drawn:
    """A tensor to be made in any package; it prints as the code that makes it."""
    shape: tuple
    dtype: str
    layout: str
    values: list       # repeated until the shape is full, so that there are ties

    def base(self):
        "The array in memory, of which the tensor is a view."
        shape = self.shape
        if self.layout == "transposed": shape = shape[::-1]
        if self.layout == "strided": shape = (*shape[:-1], 2 * shape[-1] + 1)
        if self.layout == "expanded": shape = (1, *shape[1:])
        return np.resize(np.array(self.values, self.dtype), shape).copy()

    def tensor(self, m):
        "The tensor with this layout; PyTorch has no negative steps, and makes a copy."
        if self.layout == "flipped":
            return m.from_numpy(self.base()[..., ::-1]) if m is en else m.from_numpy(self.base()).flip(-1)
        x = m.from_numpy(self.base())
        if self.layout == "transposed": return x.permute(*reversed(range(len(self.shape))))
        return (x[..., 1::2] if self.layout == "strided" else x.expand(self.shape)
                if self.layout == "expanded" else x)

    def __repr__(self):
        views = {"transposed": f".permute{tuple(reversed(range(len(self.shape))))}",
                 "strided": "[..., 1::2]",
                 "expanded": f".expand{self.shape}",
                 "flipped": " with its last dimension backwards"}
        return f"m.tensor({self.base().tolist()}, dtype=m.{self.dtype})" + views.get(self.layout, "")


@dataclasses.dataclass
class Case:
    "A call as text, and the tensors that its letters stand for."
    code: str
    given: dict

    def made(self, code, m):
        return {key: x.tensor(m) if isinstance(x, Drawn) else x for key, x in self.given.items()}
    def __repr__(self): return "; ".join([f"{key} = {x!r}" for key, x in self.given.items()] + [self.code])


def values(dtype, wild):
    if dtype == "bool": return st.lists(st.booleans(), min_size=1, max_size=4)
    pool = (WILD if wild else TAME) if dtype in FLOATS else [n for n in WHOLE if n >= 0 or dtype != "uint8"]
    return st.lists(st.sampled_from(pool), min_size=1, max_size=6)


def layouts(shape):
    "The layouts that a shape can have."
    return st.sampled_from(["contiguous",
                            *(["transposed"] if len(shape) > 1 else []),
                            *(["strided", "expanded", "flipped"] if shape else [])])


shapes = st.lists(st.sampled_from([2, 3, 1, 0]), max_size=4).map(tuple)
dtypes = st.sampled_from([*FLOATS, "float32", "float64", *INTEGERS, "int64", "bool"])


@st.composite
def tensors(draw, shape=shapes, dtype=dtypes, wild=True):
    shape, dtype = (draw(x) if isinstance(x, st.SearchStrategy) else x for x in (shape, dtype))
    return Drawn(shape, dtype, draw(layouts(shape)), draw(values(dtype, wild)))


@st.composite
def beside_shape(draw, shape):
    "A shape that broadcasts with another, most of the time."
    if not draw(st.integers(0, 9)): return draw(shapes)
    kept = shape[draw(st.integers(0, len(shape))):]
    return tuple(n if draw(st.booleans()) else 1 for n in kept)


NUMBERS = st.sampled_from([2, -1.5, True, 0, 3, 0.5])


def signature(name):
    "The arguments of a function, if they say what they are."
    if name not in FUNCTIONS: return []
    found = [p for p in inspect.signature(FUNCTIONS[name]).parameters.values()
             if p.kind is not p.KEYWORD_ONLY]
    known = [p.name for p in found if p.name in ("input", "other", "dim", "keepdim")]
    required = {p.name for p in found if p.default is p.empty}
    return known if "input" in known and required <= set(known) and not name.startswith("empty") else []


def is_random(name):
    "Whether a function or method gives random numbers: they are not PyTorch's."
    function = FUNCTIONS.get(name, getattr(en.Tensor, name, None))
    return getattr(inspect.unwrap(function), "__module__", "").endswith((".random", ".distributions"))


@st.composite
def calls(draw, name, methods=True, finite=False):
    "A call that follows from the signature: of the function, of the method, of the method in place."
    arguments, wild = signature(name), not finite and draw(st.booleans())
    x = draw(tensors(wild=wild))
    given, texts = {"x": x}, []
    if "other" in arguments:
        number = draw(st.integers(0, 5)) == 0
        given["y"] = (draw(NUMBERS) if number
                      else draw(tensors(beside_shape(x.shape), st.one_of(st.just(x.dtype), dtypes), wild)))
        texts.append("y")
    if "dim" in arguments:
        dims = st.integers(-len(x.shape) - draw(st.booleans()), len(x.shape))
        required = inspect.signature(FUNCTIONS[name]).parameters["dim"].default is inspect.Parameter.empty
        if required or draw(st.booleans()): texts.append(f"dim={draw(dims)}")
        if "keepdim" in arguments and texts and draw(st.booleans()): texts.append("keepdim=True")
    rest = ", ".join(texts)
    forms = [f"m.{name}({', '.join(['x', *texts])})"]
    if methods and hasattr(en.Tensor, name): forms.append(f"x.{name}({rest})")
    if methods and hasattr(en.Tensor, name + "_") and x.layout != "expanded":
        forms.append(f"x.{name}_({rest}); x")
    return Case(draw(st.sampled_from(forms)), given)


MEMORY = re.compile(r"stride|contiguous|data_ptr|storage|\bview|numpy")     # code that asks how memory lies
INTO = re.compile(r"out=\(?(?!m\.)[a-z]")     # code that writes into one of its letters
WHOLE_NUMBERS = re.compile(r"int|long|short|char|byte")


@st.composite
def samples(draw, codes, finite=False):
    "One of the sample calls, with other tensors of as many dimensions in place of its letters."
    code, wild = draw(st.sampled_from(codes)), not finite and draw(st.booleans())
    known = beside.letters(code, en)
    sizes = {n: n for x in known.values() for n in x.shape}
    if draw(st.integers(0, 2)) == 0 and not MEMORY.search(code):
        sizes = {n: draw(st.sampled_from([n, 0, 1, 2, 3, 5])) for n in sizes}
    return Case(code, {key: draw(like(x, sizes, wild and not WHOLE_NUMBERS.search(code), code))
                       for key, x in known.items()})


@st.composite
def like(draw, x, sizes, wild, code):
    "A tensor in place of a letter: integers and bools keep its values, for they may be indices or masks."
    kind = x.numpy().dtype.name
    # in half precision `out` would have more digits than the result, and a factor less than what it is made
    # of
    floats = [f for f in FLOATS if f != "float16" or not re.search(r"out=|linalg\.", code)]
    others = floats if kind in FLOATS else ["int64", "int32"] if kind in INTEGERS else ["bool"]
    dtype = draw(st.sampled_from([kind, kind, kind, *others, *(["int64", "bool"] if kind in FLOATS else [])]))
    shape = tuple(sizes[n] for n in x.shape)
    layout = draw(layouts(shape))
    if (layout == "expanded"
        and (beside.WRITES.search(code)
             or INTO.search(code))) or (layout in ("expanded", "flipped") and MEMORY.search(code)):
        layout = "contiguous"
    pool = (values(dtype, wild) if kind in FLOATS or not x.numel()
            else st.lists(st.sampled_from(x.reshape(-1).tolist()), min_size=1, max_size=6))
    return Drawn(shape, dtype, layout, draw(pool))


NUMPYS = {"neg": "negative",
          "sub": "subtract",
          "mul": "multiply",
          "div": "divide",
          "eq": "equal",
          "ne": "not_equal",
          "lt": "less",
          "le": "less_equal",
          "gt": "greater",
          "ge": "greater_equal"}


MEDIANS = "median", "nanmedian"      # NumPy's is the mean of the two in the middle


def twin(name):
    """NumPy's function that should give the same, if it has one: a ufunc with as many operands, or a
    reduction."""
    if name in MEDIANS: return None
    function, arguments = getattr(np, NUMPYS.get(name, name), None), signature(name)
    if isinstance(function, np.ufunc):
        return function if ["input", "other"][:function.nin] == arguments else None
    reduces = (callable(function) and "dim" in arguments
               and "keepdims" in inspect.signature(function).parameters)
    return function if reduces and "ddof" not in inspect.signature(function).parameters else None


class NumPy:
    "NumPy under PyTorch's names, on operands that are brought to one dtype first."
    def __init__(self, dtype): self.dtype = dtype
    def __getattr__(self, name):
        return lambda *operands, dim=None, **options: self.apply(twin(name), operands, dim, options)

    def apply(self, function, operands, dim, options):
        operands = [np.asarray(x).astype(self.dtype) for x in operands]
        if isinstance(function, np.ufunc): return function(*operands)
        return function(*operands, axis=dim, keepdims=options.get("keepdim", False))


def numpy_says(case, ours):
    "What NumPy gives for a case, computed in the dtype in which we should compute."
    operands = [x.tensor(en) if isinstance(x, Drawn) else x for x in case.given.values()]
    dtype = en.result_type(*operands)
    if ours.dtype.is_floating_point and not dtype.is_floating_point: dtype = en.float32
    arrays = {key: x.tensor(en).numpy() if isinstance(x, Drawn) else x for key, x in case.given.items()}
    with np.errstate(all="ignore"): return beside.run(case.code, NumPy(dtype.numpy), arrays)
