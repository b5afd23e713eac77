"""Where a call enters the package: what is no tensor, what is absurd, and how long a traceback is.

Every public name is called with nonsense. It may work, or say in three lines what is wrong; nothing of the inside may show."""
import functools
import inspect
import re
import signal
import traceback

import numpy as np
import pytest

import edunets as en
from edunets.names import FUNCTIONS

CYCLE = []
CYCLE.append(CYCLE)


class Hostile:
    "An object that answers no question."
    __slots__ = ()


NONSENSE = {"None": None,
            "text": "abc",
            "list": [[1., 2.], [3., 4.]],
            "array": np.array(["a", "b"]),
            "object": Hostile(),
            "dict": {"a": 1},
            "huge": 10**12,
            "cycle": CYCLE,
            "class": int,
            "function": len}
# a call with too many arguments, or too few, of a function that is its own border
PYTHONS = re.compile(r"(\w+\.)?\w+\(\) (takes|missing) \d")
LEFT_OUT = {"set_printoptions"}      # it changes what is printed later
SLOW = {("tensor_split", "huge")}      # as many views as one asks for; PyTorch tries, too
LINES = re.compile(r"[^\n]+\n  Why: at test_border\.py:\d+, in '[^\n]+': [^\n]+\n  Try: [^\n]+")


def calls(name):
    "Nonsense as the first argument, beside a tensor, behind two, as an element, for all."
    x = en.ones(2, 2)
    for what, a in NONSENSE.items():
        if (name, what) in SLOW: continue
        for args in [(a,), (x, a), (x, x, a), (a, x), ([x, a],), (a, a), (a, a, a)]:
            yield f"{name}({', '.join(what if arg is a else 'x' if arg is x else '[x, a]' for arg in args)})", args


def complaint(function, args):
    "What a call raises, if it does; a call that takes long counts as one that hangs."
    def late(*_): raise TimeoutError("it takes longer than five seconds")
    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(5)
    try: function(*args)
    except Exception as problem: return problem
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def faults(code, problem):
    """What is wrong with an answer: not three lines, or more frames than the test's two and the function
    that was called."""
    if problem is None: return []
    frames = traceback.extract_tb(problem.__traceback__)
    if len(frames) == 1 and PYTHONS.match(str(problem)): return []
    found = ([] if LINES.fullmatch(str(problem))
             else [f"{code}: {type(problem).__name__}: {str(problem)[:200]}"])
    if len(frames) != 2:
        found.append(f"{code}: {[(frame.filename.rpartition('/')[2], frame.name) for frame in frames]}")
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - LEFT_OUT))
def test_nonsense_is_answered_in_three_lines(name):
    state = en.get_rng_state()
    try:
        assert [fault for code, args in calls(name)
                for fault in faults(code, complaint(FUNCTIONS[name], args))] == []
    finally: en.set_rng_state(state)


def arguments(method): return len(inspect.signature(method).parameters) - 1


METHODS = {name: method for name, method in vars(en.Tensor).items()
           if not name.startswith("_") and inspect.isfunction(method) and FUNCTIONS.get(name) is not method}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(METHODS))
def test_methods_answer_nonsense_in_three_lines(name):
    "To a method without arguments nothing absurd can be given, but too many: that is Python's to say."
    state, found = en.get_rng_state(), []
    for what, a in NONSENSE.items():
        for args in [(a,), (en.ones(2, 2), a), (a, a)]:
            x = en.ones(2, 2)
            found += faults(f"x.{name}({', '.join(what if arg is a else 'x' for arg in args)})",
                            complaint(functools.partial(METHODS[name], x), args))
    en.set_rng_state(state)
    assert found == []


def test_methods_with_arguments_have_a_border():
    assert [name for name, method in METHODS.items()
            if arguments(method) and not hasattr(method, "at_border")] == []


PLACES = ["nn", "optim", "optim.lr_scheduler", "optim.swa_utils", "data", "distributions"]
CLASSES = {f"{place}.{name}": kind for place in PLACES
           for name, kind in vars(functools.reduce(getattr, place.split("."), en)).items()
           if isinstance(kind, type) and not name.startswith("_")
           and kind.__module__.startswith(f"edunets.{place}") and not issubclass(kind, (Exception, tuple))}
# of a class without an `__init__`
PYTHONS_CLASSES = re.compile(r"\w+\(\) takes no arguments|Can.t instantiate abstract class")
# as many layers as one asks for; PyTorch tries, too
ENDLESS = {("nn.TransformerDecoder", "huge"), ("nn.TransformerEncoder", "huge")}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(CLASSES))
def test_constructors_answer_nonsense_in_three_lines(name):
    kind, found = CLASSES[name], []
    needed = [p for p in inspect.signature(kind).parameters.values() if p.default is p.empty
              and p.kind is p.POSITIONAL_OR_KEYWORD]
    for what, a in NONSENSE.items():
        if (name, what) in ENDLESS: continue
        for args in [(a,) * len(needed), (a,) * (len(needed) + 1), (2,) * (len(needed) - 1) + (a,), ()]:
            if not args and not needed: continue      # that works
            problem = complaint(kind, args)
            if problem is None or PYTHONS_CLASSES.match(str(problem)): continue
            if not LINES.fullmatch(str(problem)) or isinstance(problem, (AttributeError, LookupError)):
                found.append(f"{name}({what} x {len(args)}): {problem!r}"[:300])
    assert found == []


def test_a_readers_class_keeps_its_own_errors():
    class Mine(en.nn.Linear):
        def __init__(self, size):
            super().__init__(size, size)
            self.names = {}["lacking"]
    with pytest.raises(KeyError, match="^'lacking'$"): Mine(2)
    with pytest.raises(TypeError,
                       match=r"Linear\(\): argument 'in_features' \(position 1\) must be int, not "
                             r"str\n(.|\n)*Try: help\(en.nn.Linear\)"):
        Mine("two")
    assert str(inspect.signature(en.nn.Linear)).startswith("(in_features: ")
