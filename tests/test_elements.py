"""The column `emit`: each row as a C expression beside its kernel, on hard numbers. One file of C holds a loop
for each row, dtype and set of parameters, and is compiled once."""
import ctypes
import itertools
import math
import os
import re
import shutil
import subprocess

import numpy as np
import pytest

import edunets as en
from edunets.compiler import elements
from edunets.compiler.elements import NoEmit, c_type, expression, literal, refusal_of
from edunets.table import OPS, as_operands

COMPILER = next(filter(None, map(shutil.which, [os.environ.get("CC", "cc"), "gcc", "clang"])), None)
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler (cc, gcc, clang)")

FLOATS, SIGNED = ["float32", "float64"], ["int8", "int16", "int32", "int64"]
KINDS = [np.dtype(name) for name in (*FLOATS, *SIGNED, *(f"u{name}" for name in SIGNED), "bool")]
TARGETS = [getattr(en, name) for name in (*FLOATS, "bool", "int8", "int32", "int64", "uint8")]
PARAMS = {
    "bit": [{"kind": kind} for kind in ("and", "or", "xor", "shl", "shr")],
    "cast": [{"dtype": dtype} for dtype in TARGETS],
    "bitcast": [{"dtype": dtype} for dtype in TARGETS if dtype is not en.bool],
    "clamp": [{"low": low, "high": high} for low, high in ((1, 3), (3, 1), (None, 2), (2, None))],
    "hardtanh": [{"low": 0, "high": 2}],
    "copy": [{"device": None}],
}
# float32: units in the last place, from the exact result
ULP = {"exp": 1.1, "expm1": 1.7, "exp2": 1.1, "log": 1, "log1p": 1.5, "log2": 1.1, "tanh": 1.6, "sin": 1.7,
       "cos": 1.7, "erf": 1.3, "atan2": 1.6, "pow": 1, "lgamma": 1}
FOR_DOUBLE = {"erf": 20}      # the system's function beside NumPy's (6), or beside ours, of less digits
# of two zeros NumPy takes one or the other, by their place in the array
ZERO_OF_EITHER_SIGN = ["maximum", "minimum", "clamp", "hardtanh", "relu"]


@np.vectorize
def exact_lgamma(x):
    if np.isinf(x) or (x <= 0 and x == np.floor(x)): return np.inf
    try: return math.lgamma(x)
    except OverflowError: return np.inf


# our kernel of lgamma has few digits where it crosses 0, and loses numbers below 1e-8 in float32
EXACT = {"lgamma": lambda xp, a: exact_lgamma(a)}


def hard(kind: np.dtype) -> np.ndarray:
    "Numbers at which something changes."
    if kind == bool: return np.array([False, True])
    if kind.kind == "f":
        info = np.finfo(kind)
        steps = [0, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 7, 88, 1e5, 8388607.5, info.tiny, info.tiny / 4, info.max,
                 np.inf, info.smallest_subnormal, 1 - info.epsneg, 1 + info.eps]
        return np.array([*steps, *(-np.array(steps, kind)), np.nan], kind)
    info = np.iinfo(kind)
    near = {0, 1, 2, 3, 5, 7, 8, 31, 63, 64, info.max, info.max - 1, info.min, info.min + 1, -1, -2, -7}
    return np.array(sorted(n for n in near if info.min <= n <= info.max), kind)


def numbers(kind: np.dtype, count: int, random) -> np.ndarray:
    "Numbers of all sizes, and near ones."
    if kind == bool: return random.random(count) < 0.5
    if kind.kind != "f": return np.frombuffer(random.bytes(count * kind.itemsize), kind)
    bits = np.frombuffer(random.bytes(count // 2 * kind.itemsize), kind)
    return np.concatenate([bits, random.normal(0, 4, count - len(bits)).astype(kind)])


def samples(op, kind: np.dtype) -> list[np.ndarray]:
    "Operands: each hard number beside each, and random ones."
    kinds = [np.dtype(bool) if name == "c" else kind for name in op.operands]
    random = np.random.default_rng(0)
    pairs = list(itertools.product(*map(hard, kinds)))
    return [np.concatenate([np.array(column, k), numbers(k, 3001, random)])
            for k, column in zip(kinds, zip(*pairs))]


def result_kind(op, kind, params, operands):
    """The dtype of a row's kernel. None where it takes no such operands, or gives what they never become in a
    face: the floor of a bool."""
    try: found = op.kernel(np, *[np.ones(3, a.dtype) for a in operands], **params).dtype
    except TypeError: return None
    return found if found in (kind, bool) or "dtype" in params else None


class Case:
    "A row, a dtype, parameters: its loop in C, and its operands."
    def __init__(self, number, op, kind, params):
        self.op, self.kind, self.params, self.name = op, kind, params, f"loop_{number}"
        self.operands = samples(op, kind)
        self.out_kind = result_kind(op, kind, params, self.operands)
        if "dtype" in params and op.name == "cast" and kind.kind == "f" and self.out_kind.kind in "iu":
            self.operands = [within(self.operands[0], self.out_kind)]

    def __repr__(self): return f"{self.op.name} {self.kind} {self.params}"

    def source(self) -> str:
        names = list(self.op.operands)
        arrays = [f"const {c_type(a.dtype)}* __restrict__ p{name}" for name, a in zip(names, self.operands)]
        loads = [f"{c_type(a.dtype)} {name} = p{name}[i];" for name, a in zip(names, self.operands)]
        value = expression(self.op, self.kind, names, self.params)
        refused = refusal_of(self.op, self.kind, names, self.params) or "0"
        return (f"void {self.name}(int64_t n, {', '.join(arrays)}, {c_type(self.out_kind)}* __restrict__ out, "
                f"uint8_t* __restrict__ refused) {{\n  for (int64_t i = 0; i < n; i++) {{ {' '.join(loads)} "
                f"out[i] = {value}; refused[i] = {refused}; }}\n}}\n")

    def run(self, library, operands):
        "The results, and which of them eager refuses."
        out, refused = np.empty(operands[0].shape, self.out_kind), np.empty(operands[0].shape, bool)
        getattr(library, self.name)(ctypes.c_int64(out.size), *[ctypes.c_void_p(a.ctypes.data)
                                                               for a in (*operands, out, refused)])
        return out, refused


def within(a: np.ndarray, kind: np.dtype) -> np.ndarray:
    "The numbers of an array that an integer dtype holds: what others become is left open in C, and in NumPy."
    info = np.iinfo(kind)
    return a[(a > info.min - 1.0) & (a < info.max + 1.0) & (np.abs(a) < 2.0 ** 63)]


def build(folder, source: str, flags=elements.FLAGS):
    "A library from C, behind the header."
    (folder / "loops.c").write_text(elements.HEADER + source)
    subprocess.run([COMPILER, *flags, "-shared", "-fPIC", "-o", "loops.so", "loops.c", "-lm"], cwd=folder,
                   check=True)
    return ctypes.CDLL(str(folder / "loops.so"))


def all_cases() -> list[Case]:
    cases = []
    for op in OPS.values():
        if op.emit is None or isinstance(op.emit, NoEmit): continue
        for kind, params in itertools.product(KINDS, PARAMS.get(op.name, [{}])):
            try: expression(op, kind, list(op.operands), params)
            except NotImplementedError: continue
            if result_kind(op, kind, params, samples(op, kind)) is not None:
                cases.append(Case(len(cases), op, kind, params))
    return cases


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    "All loops, as one library."
    cases = all_cases()
    return build(tmp_path_factory.mktemp("elements"), "".join(case.source() for case in cases)), cases


def units(found: np.ndarray, exact: np.ndarray) -> np.ndarray:
    "How far numbers are from exact ones, in units of the last place of their dtype."
    info = np.finfo(found.dtype)
    unit = np.maximum(np.abs(exact).astype(found.dtype), info.tiny)
    unit = np.where(np.isinf(unit), info.max, unit)
    return np.where(found == exact.astype(found.dtype), 0,
                    np.abs(found.astype(exact.dtype) - exact) / np.spacing(unit))


def check_signs(found, expected, case: Case):
    "Of zeros too."
    number = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found[number]), np.signbit(expected[number]), str(case))


def check_close(case: Case, found, operands, limit):
    "NaN, inf and 0 at the same places with the same signs, the rest within some units."
    wide = [a.astype("float64") for a in operands]
    exact = EXACT.get(case.op.name, case.op.kernel)(np, *wide, **case.params)
    rounded = exact.astype(found.dtype)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(rounded), str(case))
    for test in (np.isinf, lambda x: x == 0):
        there = test(found) | test(rounded)
        sure = there & ~np.isnan(found) & (units(found, exact) > limit)
        assert not sure.any(), (case, [a[sure][:3] for a in operands], found[sure][:3], exact[sure][:3])
    check_signs(found, rounded, case)
    far = np.where(~np.isnan(rounded), units(found, exact), 0)
    worst = far.argmax()
    assert far[worst] <= limit, f"{case}: {far[worst]} at {[a[worst] for a in operands]}: {found[worst]}"


@needs_compiler
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_each_row_gives_what_its_kernel_gives(compiled):
    library, cases = compiled
    assert len(cases) > 300
    for case in cases:
        found, refused = case.run(library, case.operands)
        assert not found[refused].any(), case
        operands = [a[~refused] for a in case.operands]
        expected = case.op.kernel(np, *operands, **case.params)
        found = found[~refused]
        if case.op.name == "gelu":      # ours is a rational function with an error of its own
            np.testing.assert_allclose(found, expected, 1e-5, 1e-6, err_msg=str(case))
        elif case.op.name == "lgamma" and case.kind == "float64":
            np.testing.assert_allclose(found, exact_lgamma(operands[0]), 1e-12, 1e-13)
        elif case.op.name in ULP and case.kind.kind == "f":
            double = case.kind == "float64"
            limit = FOR_DOUBLE.get(case.op.name, 6) if double else ULP[case.op.name]
            check_close(case, found, operands, limit)
        elif case.op.name in ZERO_OF_EITHER_SIGN:
            np.testing.assert_array_equal(found, expected, str(case))
        else:
            np.testing.assert_array_equal(found, expected, str(case))
            if found.dtype.kind == "f": check_signs(found, expected, case)


@needs_compiler
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_vectors_and_what_is_left_over_give_the_same(compiled):
    "Sizes that no vector divides: the same bits as in a long array, and nothing is written behind the end."
    library, cases = compiled
    for case in cases:
        whole, _ = case.run(library, case.operands)
        for n in (0, 1, 15, 17):
            few, _ = case.run(library, [a[7:7 + n].copy() for a in case.operands])
            np.testing.assert_array_equal(few, whole[7:7 + n], str(case))


@needs_compiler
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_functions_are_as_good_without_fused_multiplication(tmp_path):
    cases = [case for case in all_cases() if case.op.name in ULP and case.kind == "float32"]
    flags = [flag for flag in elements.FLAGS if "march" not in flag]
    library = build(tmp_path, "".join(case.source() for case in cases), flags)
    for case in cases: check_close(case, case.run(library, case.operands)[0], case.operands, 2)


@needs_compiler
def test_constants_are_the_same_bits(tmp_path):
    values = {kind: hard(kind) for kind in KINDS}
    library = build(tmp_path, "".join(
        f"const {c_type(kind)} of_{kind}[] = {{{', '.join(literal(x.item(), kind) for x in column)}}};\n"
        for kind, column in values.items()))
    for kind, column in values.items():
        place = ctypes.addressof(ctypes.c_char.in_dll(library, f"of_{kind}"))
        found = np.frombuffer(ctypes.string_at(place, column.nbytes), kind)
        np.testing.assert_array_equal(found, column)
        if kind.kind == "f":
            number = ~np.isnan(column)
            assert found[number].tobytes() == column[number].tobytes()


@needs_compiler
@pytest.mark.parametrize("kind", ["float32", "int8", "uint16", "int64"])
def test_expressions_inside_of_expressions(kind, tmp_path):
    "Each keeps its parentheses, and negative constants stay apart from a minus."
    kind = np.dtype(kind)
    def of(row, *operands, **params): return expression(OPS[row], kind, list(operands), params)
    minus = literal(-3, kind) if kind.kind != "u" else literal(3, kind)
    turned = of("sub", "a", of("neg", of("neg", "a")))
    text = of("mul", turned, of("add", of("maximum", "a", minus), of("sub", "a", minus)))
    a = hard(kind)
    T = c_type(kind)
    library = build(tmp_path, f"void f(const {T}* p, {T}* out) {{ for (int i = 0; i < {a.size}; i++) "
                              f"{{ {T} a = p[i]; out[i] = {text}; }} }}")
    out, three = np.empty_like(a), kind.type(3 if kind.kind == "u" else -3)
    library.f(ctypes.c_void_p(a.ctypes.data), ctypes.c_void_p(out.ctypes.data))
    with np.errstate(all="ignore"): expected = (a - -(-a)) * (np.maximum(a, three) + (a - three))
    np.testing.assert_array_equal(out, expected)


@needs_compiler
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("kind", FLOATS)
def test_constant_exponents(kind, tmp_path):
    "Those that are products, a root or a quotient: as eager has them."
    exponents, a = [2.0, 0.5, -1.0, 1.0, 3.0, 0.0, -0.5, 7.0], hard(np.dtype(kind))
    powers = [expression(OPS["pow"], kind, ["a", literal(n, kind)]) for n in exponents]
    assert powers[:2] == ["(a * a)", f"sqrt{'f' * (kind == 'float32')}(a)"]
    T = c_type(kind)
    library = build(tmp_path, "".join(
        f"void f{k}(const {T}* p, {T}* out) {{ for (int i = 0; i < {a.size}; i++) {{ {T} a = p[i]; "
        f"out[i] = {text}; }} }}\n" for k, text in enumerate(powers)))
    for k, n in enumerate(exponents):
        out = np.empty_like(a)
        library[f"f{k}"](ctypes.c_void_p(a.ctypes.data), ctypes.c_void_p(out.ctypes.data))
        exact = OPS["pow"].kernel(np, a, n)
        if n in (2.0, 0.5, -1.0, 1.0, 0.0): np.testing.assert_array_equal(out, exact)
        else:
            info = np.finfo(kind)
            np.testing.assert_allclose(out, exact, 4 * info.eps, info.smallest_subnormal)


@pytest.mark.parametrize("flags", [[], ["-x", "c++"], ["-x", "c++", "-D__CUDACC__", "-D__device__=",
                                                       "-D__forceinline__=inline"]], ids=["C", "C++", "CUDA"])
@needs_compiler
def test_the_header_is_c_and_cpp_and_cuda(flags, tmp_path):
    "With warnings as errors. (Under CUDA the functions of float are the device's; here a CPU's stand for them.)"
    if "c++" in flags and not (shutil.which("g++") or shutil.which("clang++")): pytest.skip("no C++ compiler")
    before = "#include <math.h>\n#include <stdint.h>\n#include <string.h>\n" if "-D__CUDACC__" in flags else ""
    (tmp_path / "header.c").write_text(before + elements.HEADER)
    subprocess.run([COMPILER, *flags, "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-fsyntax-only",
                    "-Wno-unused-variable", "header.c"], cwd=tmp_path, check=True)


def test_an_element_by_element_row_has_an_expression_parts_or_a_reason():
    for op in OPS.values():
        if op.order is as_operands: assert op.emit or op.decompose, f"{op.name}: fill emit, or no_emit(why)"
        if isinstance(op.emit, NoEmit): assert op.emit.reason
    without = {name for name, op in OPS.items() if isinstance(op.emit, NoEmit)}
    assert without == {"digamma", "polygamma", "put_slice"}


def test_what_has_no_expression_says_so():
    for row, kind, said in (("sin", "int32", "'sin' has no C expression for int32"), ("neg", "bool", "bool"),
                            ("digamma", "float32", "the kernel is called"), ("sum", "float32", "nobody"),
                            ("add", "float16", "no numbers of float16"), ("div", "int64", "int64")):
        with pytest.raises(NotImplementedError, match=re.escape(said)):
            expression(OPS[row], kind, ["a", "b"][:len(OPS[row].operands)])
    with pytest.raises(NotImplementedError, match="more bits"):
        expression(OPS["bitcast"], "float64", ["a"], {"dtype": en.int32})
    with pytest.raises(OverflowError): literal(300, "int8")


def test_an_entry_repeats_no_names_but_the_operands():
    "A text that names an operand that the row has not would be an error only when it is asked for."
    for op in OPS.values():
        if isinstance(op.emit, str):
            assert set(re.findall(r"{(\w+)}", op.emit)) <= {"T", "f", *op.operands}, op.name


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nvrtc_takes_the_header_and_every_expression():
    "The same text as a GPU's: NVIDIA's compiler needs no GPU."
    nvrtc = pytest.importorskip("cupy", reason="CuPy is not installed: make test CUDA=1").cuda.nvrtc
    loops = "".join(re.sub(r"void (\w+)\(", r'extern "C" __global__ void \1(', case.source())
                    for case in all_cases())
    program = nvrtc.createProgram(elements.HEADER + loops, "loops.cu", [], [])
    try: nvrtc.compileProgram(program, ("-std=c++17", "-arch=compute_80"))
    except nvrtc.NVRTCError:
        pytest.fail("\n".join(re.findall(".*error.*", nvrtc.getProgramLog(program))))
    finally: nvrtc.destroyProgram(program)
