"""Sequential, ModuleList and the others beside PyTorch's: operation after operation, and what is trained."""
import random

import pytest

import beside
import edunets as en
import modules

torch = pytest.importorskip("torch")
L = "m.nn.Linear"
TWO = f"m.nn.Sequential({L}(4, 3), {L}(3, 2))"
NAMED = f"m.nn.Sequential(__import__('collections').OrderedDict(a={L}(4, 3), b={L}(3, 2)))"

SEQUENTIAL = [f"{make} | {use}" for make in (TWO, NAMED) for use in (
    "f[0](r(5, 4))", "f[-1](r(5, 3))", "f[1:](r(5, 3))", "f[:1]", "f[::-1]", "f[5:]", "f[2]", "f[-3]",
    "f['a']", "f[1.]", "f.append(m.nn.Linear(2, 1)); f", "f.extend([m.nn.Linear(2, 1)] * 2); f",
    "f.extend(m.nn.Sequential(m.nn.Linear(2, 1))); f", "f.append(3)", "f.append(None); len(f)",
    "f[0] = m.nn.Linear(4, 3, bias=False); f", "f[-1] = m.nn.Linear(3, 1); f", "f[0] = 3", "f[0] = None; f",
    "f[7] = m.nn.Linear(1, 1)", "del f[0]; f(r(2, 3))", "del f[-1]; f", "del f[:]; f", "del f[::2]; f",
    "del f[2]", "f.pop(0); f", "f.pop(-1)", "f.pop(5)", "f + m.nn.Sequential(m.nn.Linear(2, 1))", "f + [1]",
    "f += m.nn.Sequential(m.nn.Linear(2, 1)); f", "f += 3",
    "f * 2", "2 * f", "f * 0", "f * -1", "f * 1.5", "f * True", "len(list((f * 3).parameters()))",
    "list((f * 2).state_dict())", "'0' in dir(f)", "'training' in dir(f)", "list(f)[1]", "len(f)",
    "[name for name, _ in f.named_children()]")]
SEQUENTIAL += [f"{TWO} | {use}"
               for use in ("f.insert(0, m.nn.Linear(4, 4)); f[1:](r(2, 4))",
                           "f.insert(2, m.nn.Linear(2, 2)); f", "f.insert(-1, m.nn.Linear(3, 3)); f",
                           "f.insert(3, m.nn.Linear(2, 2))", "f.insert(0, 3)",
                           "f.insert(-3, m.nn.Linear(1, 1))", "f *= 2; f", "f *= 0", "f *= 'a'",
                           "m.nn.Sequential(*f.children())(r(2, 4))")]
LISTS = [f"m.nn.ModuleList([{L}(4, 3), {L}(3, 2)]) | {use}" for use in (
    "f.append(m.nn.Linear(2, 2)); f", "f.append(3)", "f.append(None); f",
    "f.extend([m.nn.Linear(2, 2)] * 3); f", "f.extend(3)", "f += (m.nn.Linear(2, 2) for _ in range(2)); f",
    "f += 3", "f + [m.nn.Linear(2, 2)]", "f + f", "f + [3]", "f.insert(0, m.nn.Linear(1, 1)); f",
    "f.insert(2, m.nn.Linear(1, 1)); f", "f.insert(1, m.nn.Linear(1, 1)); list(f.state_dict())",
    "f[0] = m.nn.Linear(4, 4); f", "f[-1] = m.nn.Linear(4, 4); f", "f[2] = m.nn.Linear(1, 1)", "f[0] = 3",
    "del f[0]; f", "del f[-1]; f", "del f[2]", "del f[0:2]; f", "f.pop(0); f", "f.pop(-1)",
    "f.pop(slice(0, 1))", "f.pop(2)", "'1' in dir(f)", "[name for name, _ in f.named_modules()]",
    "f.train(False)[0].training", "f.double()[0].weight.dtype is m.float64")]


def after(case):
    """The result of a case in both packages, with PyTorch's first state in both, and the containers
    afterwards."""
    make, _, use = case.partition(" | ")
    made = [eval(make, {"m": m}) for m in (en, torch)]
    modules.load(*made)
    scopes = [{"m": m, "f": f, **modules.maker(m, [], False)} for m, f in zip((en, torch), made)]
    return [beside.attempt(use, scope) for scope in scopes], [scope["f"] for scope in scopes]


@pytest.mark.parametrize("case", SEQUENTIAL + LISTS)
def test_an_operation_is_pytorchs(case):
    results, containers = after(case)
    assert beside.difference(*results, 20) is None
    assert (beside.difference(*map(repr, containers)) is None
            and modules.state(containers[0]) == modules.state(containers[1])
            and list(modules.state(containers[0])) == list(modules.state(containers[1])))


def step(rng, size, kind):
    "An operation on `f`, or an expression of it, that may fail."
    at, other = rng.randint(-size - 1, size + 1), rng.randint(-size - 1, size + 1)
    layer = f"m.nn.Linear(1, {rng.randint(1, 3)})"
    cut = f"{rng.choice(['', at])}:{rng.choice(['', other])}{rng.choice(['', ':2', ':-1'])}"
    steps = [f"f.append({layer})",
             f"f.extend([{layer}] * {rng.randint(0, 2)})",
             f"f[{at}] = {layer}",
             f"del f[{at}]",
             f"del f[{cut}]",
             f"f.pop({at})",
             f"f = f[{cut}]",
             f"f.insert({rng.randint(0, size)}, {layer})",
             f"f += m.nn.{kind}([{layer}])" if kind == "ModuleList" else f"f += m.nn.Sequential({layer})"]
    if kind == "Sequential" and size < 6:
        steps += [f"f *= {rng.randint(0, 2)}",
                  f"f = f * {rng.randint(0, 3)}",
                  f"f = f + m.nn.Sequential({layer}, {layer})"]
    return rng.choice(steps)


def outcome(line, scope):
    try: exec(line, scope)
    except Exception as problem: return problem


@pytest.mark.parametrize("kind", ["Sequential", "ModuleList"])
def test_random_operations(kind):
    for seed in range(150):
        rng = random.Random(seed)
        scopes = [{"m": m, "f": getattr(m.nn, kind)()} for m in (en, torch)]
        for _ in range(12):
            ours, theirs = scopes
            # after a slice the names have gaps, and PyTorch's insert and *= count on there being none
            if list(theirs["f"]._modules) != list(map(str, range(len(theirs["f"])))): break
            line = step(rng, len(theirs["f"]), kind)
            problems = [outcome(line, scope) for scope in scopes]
            assert type(problems[0]) is type(problems[1]), (seed, line, problems)
            assert repr(ours["f"]) == repr(theirs["f"]).replace("torch", "edunets"), (seed, line)
            assert (list(ours["f"].state_dict()) == list(theirs["f"].state_dict())
                    and len(list(ours["f"].parameters()))
                    == len(list(theirs["f"].parameters()))), (seed, line)


def test_errors_say_what_to_try():
    f, d = en.nn.Sequential(en.nn.Linear(1, 1)), en.nn.ParameterDict()
    for wrong in (lambda: f[3], lambda: f + [1], lambda: f * 0, lambda: f * "a", lambda: f.insert(9, f),
                  lambda: f.insert(0, 9), lambda: en.nn.ModuleList(3), lambda: en.nn.ModuleDict(3),
                  lambda: en.nn.ModuleDict([3]), lambda: en.nn.ModuleDict([(1, 2, 3)]),
                  lambda: en.nn.ParameterList(3),
                  lambda: en.nn.ParameterList()(1), lambda: d(1), lambda: d["a"], lambda: d[1],
                  lambda: d.popitem(), lambda: d.update({"keys": 1})):
        with pytest.raises(Exception, match="Try: "): wrong()


def test_a_key_that_is_taken_changes_nothing():
    d = en.nn.ParameterDict({"a": en.ones(1)})
    with pytest.raises(KeyError): d["keys"] = en.ones(1)
    assert list(d) == ["a"] and list(d.keys()) == ["a"]


def test_a_failed_insert_changes_nothing():
    f = en.nn.Sequential(en.nn.Linear(1, 1), en.nn.Linear(2, 2))
    for index, layer in ((0, 3), (5, en.nn.Linear(1, 1))):
        with pytest.raises(Exception): f.insert(index, layer)
        assert len(f) == 2 and list(f.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_inserting_counts_from_the_end_and_numbers_anew():
    f = en.nn.ModuleList([en.nn.Linear(1, 1), en.nn.Linear(2, 2)])
    f.insert(-1, en.nn.Linear(3, 3))
    assert [layer.in_features for layer in f] == [1, 3, 2]
    named = en.nn.Sequential(__import__("collections").OrderedDict(a=en.nn.Linear(1, 1)))
    named.insert(0, en.nn.Linear(2, 2))
    assert [name for name, _ in named.named_children()] == ["0", "1"]


def test_a_list_extended_by_itself():
    f = en.nn.ModuleList([en.nn.Linear(1, 1)])
    f.extend(f)
    assert len(f) == 2 and f[0] is f[1]


def test_states_go_through_containers():
    def make(m):
        return m.nn.ModuleDict({"enter": m.nn.ModuleList([m.nn.Linear(3, 3) for _ in range(2)]),
                                "scale": m.nn.ParameterList([m.ones(3)]),
                                "more": m.nn.ParameterDict({"bias": m.zeros(3)})})
    ours, theirs = make(en), make(torch)
    modules.load(ours, theirs)
    assert (list(ours.state_dict()) == list(theirs.state_dict())
            and repr(ours["enter"]) == repr(theirs["enter"]))
    assert all(beside.difference(a, b) is None
               for a, b in zip(ours.state_dict().values(), theirs.state_dict().values()))
