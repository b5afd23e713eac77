"""What a call costs in Python: the interpreter's instructions, counted, against limits.

No clock is asked, so the numbers are the same on each machine and beside any neighbour. They belong to
Python 3.11: another version has other instructions. Who adds more than a limit allows makes each such call
slower: is it worth it? Then the limit rises, in the commit that says why. What a call does, function by
function, here and in an older checkout:

    PYTHONPATH=. python tests/test_call_opcodes.py "x * y"
"""
import collections
import gc
import json
import subprocess
import sys

import pytest

# the call: the most instructions, unrecorded and recorded
LIMITS = {
    "x * y": (265, 570),
    "x + 1": (265, 470),
    "en.exp(x)": (190, 505),
    "x.clone()": (220, 500),
    "X.sum(1)": (335, 615),
    "X @ X": (295, 600),
    "X.softmax(1)": (355, 670),
    "X.max(1)": (460, 795),
    "X[1:3]": (670, 950),
    "X.reshape(-1)": (430, 710),
    "en.cat([x, y])": (395, 760),
    "X.unbind()": (995, 1380),
    "F.linear(X, X, x)": (460, 795),
    "F.mse_loss(x, y)": (460, 770),
    "F.cross_entropy(X, t)": (1290, 2045),
}


def instructions(call) -> collections.Counter:
    "How many instructions of the interpreter each function of edunets runs in a call."
    found = collections.Counter()

    def each(frame, event, arg):
        if event == "opcode": found[f"{frame.f_globals['__name__']}.{frame.f_code.co_name}"] += 1
        return each

    def begin(frame, event, arg):      # NumPy's functions in Python are not counted: its versions differ
        if not frame.f_globals.get("__name__", "").startswith("edunets."): return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return each

    for _ in range(3): call()      # what is made once is made
    gc.disable()
    sys.settrace(begin)
    try: call()
    finally:
        sys.settrace(None)
        gc.enable()
    return found


def counts(code: str) -> list[dict]:
    "Of a call, unrecorded and recorded."
    import edunets as en
    names = {"en": en, "F": en.nn.functional, "t": en.tensor([0, 1, 2, 3])}
    found = []
    for tracked in (False, True):
        x, y, X = (en.ones(*shape).requires_grad_(tracked) for shape in ((4,), (4,), (4, 4)))
        found.append(instructions(eval(f"lambda: {code}", names | {"x": x, "y": y, "X": X})))
    return found


pytestmark = pytest.mark.skipif(sys.version_info[:2] != (3, 11),
                                reason="the limits are in Python 3.11's instructions")


@pytest.fixture(scope="module")
def counted():
    "All calls, in a process of their own: a subclass or a dtype that another test has brought costs more."
    told = subprocess.run([sys.executable, __file__, "--all"], capture_output=True, text=True, check=True)
    return json.loads(told.stdout)


@pytest.mark.parametrize("code", LIMITS)
def test_a_call_costs_no_more(counted, code):
    for kind, found, limit in zip(("unrecorded", "recorded"), counted[code], LIMITS[code]):
        total = sum(found.values())
        assert total <= limit, (
            f"{code}, {kind}, runs {total} instructions of the interpreter, and may run {limit}.\n"
            f"Which functions run them: PYTHONPATH=. python tests/test_call_opcodes.py {code!r}, here and in "
            "a checkout from before")
        assert total > 0.9 * limit, f"{code}, {kind}, runs {total} instructions: its limit is {limit}"


if __name__ == "__main__":
    if sys.argv[1:] == ["--all"]: print(json.dumps({code: counts(code) for code in LIMITS}))
    else:
        for code in sys.argv[1:] or LIMITS:
            for kind, found in zip(("unrecorded", "recorded"), counts(code)):
                print(f"{code}, {kind}: {sum(found.values())}")
                for function, number in found.most_common(): print(f"{number:8}  {function}")
