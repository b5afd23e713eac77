"""The kernels of the column `device`, each run beside the row's own: on the strict module, whose CUDA kernels
run on a CPU, or on a GPU (`pytest --device cuda`). And what runs them on a CPU: it finds what it should."""
import math

import numpy as np
import pytest

import cuda_on_cpu
import edunets as en
import strict
from edunets.backends.kernels import BY_ELEMENT, SOURCES
from edunets.table import OPS, call
from edunets.tensors import BACKENDS

pytestmark = pytest.mark.skipif(cuda_on_cpu.COMPILER is None, reason="there is no C++ compiler")
SIZES = [0, 1, 2, 3, 5, 31, 33, 100, 257]
LAYOUTS = {      # how an array of a shape is made, and the view of it that is the operand
    "rows": (lambda shape: shape, lambda x: x),
    "turned": (lambda shape: shape[::-1], lambda x: x.permute(*reversed(range(x.ndim)))),
    "spaced": (lambda shape: (*shape[:-1], 2 * shape[-1] + 1), lambda x: x[..., 1::2]),
    "flipped": (lambda shape: shape, lambda x: x.flip(-1)),
}


class Operand:
    "An array in memory, and the view of it that is given to a row."
    def __init__(self, rng, shape, make, layout=None):
        self.layout = layout or str(rng.choice(list(LAYOUTS))) if shape else "rows"
        self.array = make(LAYOUTS[self.layout][0](tuple(shape)))

    def on(self, device): return LAYOUTS[self.layout][1](en.tensor(self.array, device=device))


def floats(rng, shape, dtype):
    return Operand(rng, shape, lambda size: rng.standard_normal(size).astype(dtype))


def few(rng, shape, dtype):
    "Numbers among which there are many equal ones, and NaNs."
    return Operand(rng, shape, lambda size: rng.choice([0.0, 1.0, -2.0, 2.0, math.nan], size).astype(dtype))


def shape_of(rng, dims, sizes=SIZES):
    "A shape that is not too large: the largest dimension is halved until it isn't."
    shape = rng.choice(sizes, dims)
    while math.prod(shape.tolist()) > 3000: shape[shape.argmax()] //= 2
    return tuple(shape.tolist())


def drawn_erf(rng, dtype): return (floats(rng, shape_of(rng, rng.integers(0, 4)), dtype),), {}
def drawn_erfinv(rng, dtype):
    "Numbers between -1 and 1, the ends among them, and a few outside, of which there is none."
    def make(size): return np.clip(rng.standard_normal(size) / 2, -1, 1.001).astype(dtype)
    return (Operand(rng, shape_of(rng, rng.integers(0, 4)), make),), {}


def drawn_softplus(rng, dtype):
    def make(size): return (rng.standard_normal(size) * 20).astype(dtype)
    x = Operand(rng, shape_of(rng, rng.integers(0, 4)), make)
    return (x,), {"beta": [1, 0.5, -2.0][rng.integers(3)], "threshold": [20, 3.0][rng.integers(2)]}


def drawn_random_bits(rng, dtype):
    key = Operand(rng, (2,), lambda size: rng.integers(0, 1 << 32, size, dtype="uint32"))
    return (key,), {"shape": shape_of(rng, rng.integers(0, 4)), "words": int(rng.integers(1, 3))}


def drawn_softmax(rng, dtype):
    make = few if rng.integers(3) == 0 else floats
    shape = shape_of(rng, rng.integers(1, 4))
    return (make(rng, shape, dtype),), {"dim": int(rng.integers(len(shape)))}


def drawn_softmax_slope(rng, dtype):
    shape = shape_of(rng, rng.integers(0, 4))
    return tuple(floats(rng, shape, dtype) for _ in range(2)), {"dim": int(rng.integers(len(shape) or 1))}


def drawn_gelu_slope(rng, dtype):
    shape = shape_of(rng, rng.integers(0, 4))
    return tuple(floats(rng, shape, dtype) for _ in range(2)), {}


def drawn_linear(rng, dtype):
    (n, k), (m,) = shape_of(rng, 2, [0, 1, 2, 5, 33]), shape_of(rng, 1, [0, 1, 3, 31])
    bias = floats(rng, (m,), dtype) if rng.integers(2) else None
    return (floats(rng, (n, k), dtype), floats(rng, (m, k), dtype), bias), {}


def drawn_addmm(rng, dtype):
    (n, k), (m,) = shape_of(rng, 2, [0, 1, 2, 5, 33]), shape_of(rng, 1, [0, 1, 3, 31])
    c = floats(rng, [(m,), (n, m)][rng.integers(2)], dtype)
    return (c, floats(rng, (n, k), dtype), floats(rng, (k, m), dtype)), {}


def drawn_conv(rng, dtype):
    "A convolution's image and filter, and its parameters."
    n, groups = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    size, stride, dilation, padding = (tuple(rng.choice(of, n).tolist())
                                       for of in ([1, 2, 3], [1, 2], [1, 2], [0, 1]))
    shape = [d * (s - 1) + 1 + int(rng.integers(0, 4)) for s, d in zip(size, dilation)]
    image = floats(rng, (int(rng.integers(0, 4)), groups * int(rng.integers(1, 4)), *shape), dtype)
    channels = image.on("cpu").shape[1] // groups
    filters = floats(rng, (groups * int(rng.integers(1, 4)), channels, *size), dtype)
    bias = floats(rng, filters.on("cpu").shape[:1], dtype) if rng.integers(2) else None
    params = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return (image, filters, bias), params


def drawn_conv_weight(rng, dtype):
    (image, filters, _), params = drawn_conv(rng, dtype)
    operands = image.on("cpu"), filters.on("cpu"), None
    g = floats(rng, call(OPS["conv"], operands, params).shape, dtype)
    return (image, g), {**params, "size": operands[1].shape[2:]}


def drawn_attention(rng, dtype):
    lead, (n, m, k, d) = shape_of(rng, rng.integers(0, 3), [1, 2, 3]), shape_of(rng, 4, [1, 2, 5, 17])
    q, keys, v = (floats(rng, (*lead, *size), dtype) for size in ((n, k), (m, k), (m, d)))
    masks = [lambda size: rng.standard_normal(size).astype(dtype), lambda size: rng.random(size) < 0.7]
    mask = Operand(rng, (n, m), masks[rng.integers(2)]) if rng.integers(3) else None
    keep = Operand(rng, (*lead, n, m), lambda size: rng.choice([0, 2], size).astype(dtype))
    params = {"scale": 0.5, "causal": bool(rng.integers(2))}
    return (q, keys, v, mask, keep if rng.integers(2) else None), params


def drawn_norm(rng, dtype):
    shape = shape_of(rng, rng.integers(0, 4))
    dims = tuple(d for d in range(len(shape)) if rng.integers(2))
    return (floats(rng, shape, dtype),), {"dims": dims or None, "keepdim": bool(rng.integers(2))}


def drawn_standardize(rng, dtype):
    shape = shape_of(rng, rng.integers(1, 5))
    first, last = sorted(rng.integers(0, len(shape) + 1, 2).tolist())
    params = {"first": first, "last": last, "eps": 0.1, "center": bool(rng.integers(2))}
    return (floats(rng, shape, dtype),), params


def drawn_standardize_slope(rng, dtype):
    (g,), params = drawn_standardize(rng, dtype)
    shape, (first, last) = g.on("cpu").shape, (params["first"], params["last"])
    kept = [n if first <= d < last else 1 for d, n in enumerate(shape)]
    kind = "float32" if dtype == "float16" else dtype
    square = Operand(rng, kept, lambda size: rng.random(size).astype(kind))
    return (g, floats(rng, shape, dtype), square), params


def drawn_scatter(rng, dtype, ties=False):
    "Where equal places are set, it is to equal numbers, but for `ties`: which one stays is not said."
    shape = shape_of(rng, rng.integers(1, 4), [1, 2, 3, 5, 31])
    dims = tuple(rng.permutation(len(shape))[:rng.integers(1, len(shape) + 1)].tolist())
    places = shape_of(rng, rng.integers(0, 3), [0, 1, 3, 40])
    index = [Operand(rng, places, lambda size, n=shape[d]: rng.integers(-n, n, size)) for d in dims]
    kept = tuple(n for d, n in enumerate(shape) if d not in dims)
    kind = rng.choice([dtype, dtype, "int64", "int32", "uint8", "bool"])
    numbers = lambda size: (rng.standard_normal(size) * 3).astype(kind)
    params = {"dims": dims, "mode": "add" if rng.integers(4) else "set"}
    ties = ties or params["mode"] == "add"
    given = Operand(rng, places + kept, numbers if ties else lambda size: np.full(size, numbers(1), kind))
    return (Operand(rng, shape, numbers), given, *index), params


def drawn_gather(rng, dtype):
    (a, _, *index), params = drawn_scatter(rng, dtype)
    return (a, *index), {"dims": params["dims"]}


def drawn_scatter_by(rng, dtype):
    "Numbers that are combined at places which may repeat."
    operands, params = drawn_scatter(rng, dtype, ties=True)
    return operands, {"dims": params["dims"]}


def drawn_unpool(rng, dtype):
    n = int(rng.integers(1, 4))
    size, stride, dilation = (rng.choice(of, n).tolist() for of in ([1, 2, 3], [1, 2, 3], [1, 1, 2]))
    padding = [int(rng.integers(0, s // 2 + 1)) for s in size]
    reach = [d * (s - 1) + 1 for s, d in zip(size, dilation)]
    shape = [max(1, r - 2 * p) + int(rng.integers(0, 6)) for r, p in zip(reach, padding)]
    space = [(s + 2 * p - r) // t + 1 for s, p, r, t in zip(shape, padding, reach, stride)]
    lead = shape_of(rng, rng.integers(0, 3), [0, 1, 2, 3])
    params = {"size": size, "stride": stride, "padding": padding, "dilation": dilation, "space": space}
    params = {name: tuple(values) for name, values in params.items()}
    a = (few if rng.integers(2) else floats)(rng, (*lead, *shape), dtype)
    out = call(OPS["max_pool"], (a.on("cpu"),), params).numpy()
    return (floats(rng, (*lead, *space), dtype), a, Operand(rng, out.shape, lambda size: out, "rows")), params


def drawn_adam(rng, dtype):
    flags = {name: bool(rng.integers(2)) for name in ("amsgrad", "decoupled_weight_decay", "maximize")}
    tensors = []
    for _ in range(rng.integers(1, 6)):
        shape = shape_of(rng, rng.integers(0, 3))
        p = floats(rng, shape, rng.choice([dtype, dtype, "float64"]))
        def made(sign, p=p, shape=shape):
            numbers = lambda size: sign(rng.standard_normal(size)).astype(p.array.dtype)
            return Operand(rng, shape, numbers, p.layout)
        steps = Operand(rng, (), lambda size: np.array(rng.integers(0, 50), "float32"))
        tensors += [p, made(np.negative), steps, made(np.negative),
                    *(made(np.abs) for _ in range(1 + flags["amsgrad"]))]
    numbers = 0.1, 0.9, 0.99, 1e-3, float(rng.choice([0, 0.05]))
    return (*numbers, *tensors), {"each": 5 + flags["amsgrad"], **flags}


DRAWN = {"erf": drawn_erf, "erfinv": drawn_erfinv, "gelu": drawn_erf, "log_sigmoid": drawn_erf,
         "mish": drawn_erf, "gelu_slope": drawn_gelu_slope, "softplus": drawn_softplus,
         "linear": drawn_linear, "addmm": drawn_addmm, "conv": drawn_conv, "conv_weight": drawn_conv_weight,
         "attention": drawn_attention, "random_bits": drawn_random_bits, "softmax": drawn_softmax,
         "log_softmax": drawn_softmax, "softmax_slope": drawn_softmax_slope,
         "log_softmax_slope": drawn_softmax_slope, "norm": drawn_norm, "standardize": drawn_standardize,
         "standardize_slope": drawn_standardize_slope, "scatter": drawn_scatter, "gather": drawn_gather,
         "scatter_max": drawn_scatter_by, "scatter_prod": drawn_scatter_by, "unpool": drawn_unpool,
         "adam": drawn_adam}
OWN = [name for name, row in OPS.items() if row.device]
DTYPES = {"float32": 1e-5, "float64": 1e-12, "float16": 2e-3}


def results(row, args, params, device):
    "The row on a device, as arrays of NumPy."
    operands = [x.on(device) if isinstance(x, Operand) else x for x in args]
    out = call(OPS[row], tuple(operands), params)
    return [x.cpu().numpy() for x in (out if isinstance(out, tuple) else (out,))]


@pytest.fixture
def there(device):
    "The device whose kernels are asked."
    with strict.at_hand(): yield "cuda:0" if device == "cuda" else device


def compare(row, dtype, there, batch):
    for seed in range(batch * 10, batch * 10 + 10):
        rng = np.random.default_rng(seed)
        args, params = DRAWN[row](rng, dtype)
        ours, theirs = (results(row, args, params, device) for device in ("cpu", there))
        for a, b in zip(ours, theirs, strict=True):
            assert a.dtype == b.dtype and a.shape == b.shape, (seed, params)
            near = DTYPES[dtype]
            np.testing.assert_allclose(b, a, rtol=near, atol=near, err_msg=f"{seed} {params}")


def test_each_entry_is_drawn(): assert set(DRAWN) == set(OWN)


@pytest.mark.parametrize("batch", range(2))
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("row", OWN)
def test_each_kernel_beside_the_rows_own(row, dtype, batch, there):
    strict.launches.clear()
    compare(row, dtype, there, batch)
    named = {**{name: f"edunets_{name}" for name in [*BY_ELEMENT, "norm"]},
             "random_bits": "threefry", "log_softmax": "softmax", "log_softmax_slope": "softmax_slope",
             "scatter": "scatter_add",
             **dict.fromkeys(["gather", "scatter_max", "scatter_prod"], "edunets_outside"),
             **dict.fromkeys(["linear", "addmm", "conv", "conv_weight", "attention"], "matmul")}
    if there == "strict": assert strict.launches[named.get(row, row)], f"{row}: its kernel was not started"


CASTS = {**dict.fromkeys([*BY_ELEMENT, "linear", "addmm", "conv", "conv_weight"], 0), "attention": 3}


@pytest.mark.parametrize("row", CASTS)
def test_halves_are_not_made_wider_where_a_kernel_adds_up_in_single(row, there):
    "Of attention two operands and the weights are: their scores need more digits."
    if there != "strict": pytest.skip("launches are counted by the strict module")
    args, params = DRAWN[row](np.random.default_rng(3), "float16")
    operands = tuple(x.on(there) if isinstance(x, Operand) else x for x in args)
    strict.launches.clear()
    out = call(OPS[row], operands, params)
    assert {x.dtype for x in (out if isinstance(out, tuple) else (out,))} == {en.float16}
    assert strict.launches["astype"] == CASTS[row]
    if row in BY_ELEMENT: assert +strict.launches == {f"edunets_{row}": 1}


@pytest.mark.parametrize("row", BY_ELEMENT)
def test_an_expression_at_the_ends(row, there):
    "Infinities, NaN and numbers whose exponential overflows, as the row's own kernel."
    ends = [math.inf, -math.inf, math.nan, 0.0, -0.0, 1.0, -1.0, 90.0, -90.0, 800.0, -800.0, 6e4, -6e4]
    params = {"beta": 1.0, "threshold": 1e4} if row == "softplus" else {}
    for dtype, near in DTYPES.items():
        operands = [Operand(None, (), lambda _: np.array(ends, dtype))] * (1 + (row == "gelu_slope"))
        [ours], [theirs] = (results(row, operands, params, device) for device in ("cpu", there))
        np.testing.assert_allclose(theirs, ours, rtol=near, atol=near)


@pytest.fixture
def deterministic():
    en.use_deterministic_algorithms(True)
    yield
    en.use_deterministic_algorithms(False)


@pytest.mark.parametrize("order", cuda_on_cpu.ORDERS)
def test_deterministic_additions_are_the_cpus_to_the_last_bit(order, there, deterministic):
    for seed in range(16):
        args, params = drawn_scatter(np.random.default_rng(seed), "float32", ties=True)
        with cuda_on_cpu.in_order(order): theirs = results("scatter", args, params, there)
        np.testing.assert_array_equal(theirs, results("scatter", args, params, "cpu"))


@pytest.mark.parametrize("row", ["softmax", "softmax_slope", "standardize", "standardize_slope", "unpool",
                                 "adam", "norm", "random_bits"])
def test_no_order_of_threads_changes_a_bit(row, there):
    if there != "strict": pytest.skip("a GPU takes its own order")
    args, params = DRAWN[row](np.random.default_rng(4), "float32")
    runs = []
    for order in cuda_on_cpu.ORDERS:
        with cuda_on_cpu.in_order(order): runs.append(results(row, args, params, there))
    for other in runs[1:]:
        for a, b in zip(runs[0], other, strict=True): np.testing.assert_array_equal(a, b)


def test_factors_meet_at_a_place_however_it_is_counted(there):
    for device in ("cpu", there):
        a, v, index = (en.tensor(x, device=device) for x in ([2.0, 1.0], [3.0, 5.0, 7.0], [-2, 0, -1]))
        assert call(OPS["scatter_prod"], (a, v, index), {"dims": (0,)}).tolist() == [30.0, 7.0]


BY_INDEX = ["gather", "scatter add", "scatter set", "scatter_max", "scatter_prod"]


@pytest.mark.parametrize("index, dims", [([[0, 3]], (0,)), ([[-4]], (0,)), ([[0], [5]], (0, 1)),
                                         ([[-6]], (1,))])
@pytest.mark.parametrize("row", BY_INDEX)
def test_an_index_out_of_range_is_told(row, index, dims, there):
    row, *mode = row.split()
    params = {"dims": dims, **{"mode": m for m in mode}}
    x = en.zeros(3, 5, device=there)
    v = en.ones(len(index[0]), *(n for d, n in enumerate((3, 5)) if d not in dims), device=there)
    given = (x,) if row == "gather" else (x, v)
    with pytest.raises((IndexError, RuntimeError), match="out of|device-side assert"):
        places = [en.tensor(i, device=there) for i in index]
        call(OPS[row], (*given, *places), params).cpu()


@pytest.mark.parametrize("row", BY_INDEX)
def test_whatever_the_index_is_nothing_is_read_or_written_elsewhere(row, there, monkeypatch):
    "The last and the first of a dimension are right; where one is wrong, and only noted, an address is."
    if there != "strict": pytest.skip("a GPU does not look")
    row, *mode = row.split()
    x, v = en.rand(2, 3), en.rand(4, 2) + 1
    operands = (x,) if row == "gather" else (x, v)
    params = {"dims": (1,), **{"mode": m for m in mode}}
    for places in ([-3, 0, 2, -1], [3, -4, 99, -99]):
        noted = []
        monkeypatch.setattr(type(BACKENDS[strict.Array]), "refuse_if",
                            lambda self, wrong, problem: noted.append(bool(wrong)), raising=False)
        if row == "gather" and places[0] > 0: continue      # CuPy does it itself
        out = call(OPS[row], (*(t.to(there) for t in operands), en.tensor(places, device=there)), params)
        right = call(OPS[row], (*operands, en.tensor(places) % 3), params)
        assert en.allclose(out.cpu(), right) and noted == [places[0] > 0]


def test_one_launch_moves_all_parameters(there):
    if there != "strict": pytest.skip("launches are counted by the strict module")
    net = en.nn.Sequential(*[en.nn.Linear(5, 5) for _ in range(10)]).to(there)
    optimizer = en.optim.AdamW(net.parameters())
    for p in net.parameters(): p.grad = en.ones_like(p)
    optimizer.step()
    strict.launches.clear()
    optimizer.step()
    assert strict.launches == {"adam": 1}
    assert all(optimizer.state[p]["step"].item() == 2 for p in net.parameters())


# NVIDIA's compiler

@pytest.fixture(scope="module")
def sources():
    "Every kernel that the drawn calls start: its text, by its name and the first lines."
    found = {}
    start = cuda_on_cpu.RawKernel.__call__
    def noted(self, *args, **keywords):
        found.setdefault((self.source, self.name), None)
        return start(self, *args, **keywords)
    with strict.at_hand(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuda_on_cpu.RawKernel, "__call__", noted)
        for exact in (False, True):
            en.use_deterministic_algorithms(exact)
            for row in OWN:
                for dtype in DTYPES:
                    for seed in range(4):
                        results(row, *DRAWN[row](np.random.default_rng(seed), dtype), "strict")
    en.use_deterministic_algorithms(False)
    return list(found)


HALF = """
struct float16 {      // as the class of CuPy's headers: it becomes a float, and is made of one
    unsigned short bits;
    __device__ float16(float x) { asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x)); }
    __device__ operator float() const { float x; asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits)); return x; }
};
"""


def compiled(source, arch):
    "What NVRTC makes of a text: the log, empty if all is well."
    source = HALF + source
    nvrtc = pytest.importorskip("cupy", reason="CuPy is not installed: make test CUDA=1").cuda.nvrtc
    program = nvrtc.createProgram(source, "kernel.cu", [], [])
    try: nvrtc.compileProgram(program, ("-std=c++17", f"-arch=compute_{arch}"))
    except nvrtc.NVRTCError: return nvrtc.getProgramLog(program)
    try: assert nvrtc.getPTX(program)
    finally: nvrtc.destroyProgram(program)
    return ""


@pytest.mark.parametrize("arch", ["75", "80", "90"])
def test_nvrtc_compiles_every_source(arch, sources):
    assert set(SOURCES) <= {name for _, name in sources}, "a kernel that no drawn call starts"
    assert {f"{name}: {log}" for source, name in sources if (log := compiled(source, arch))} == set()


def test_a_broken_source_is_told():
    assert "undefined" in compiled('extern "C" __global__ void f(float* x) { x[0] = nothing; }', "80")


# What runs the kernels on a CPU

def test_halves_are_rounded_as_numpy_rounds_them():
    "All of them, and what lies between two, in the middle and beside it."
    halves = np.arange(1 << 16, dtype="uint16").view("float16")
    wide = cuda_on_cpu.ElementwiseKernel("T x", "float32 y", "y = x", "widen")(halves)
    np.testing.assert_array_equal(wide, halves.astype("float32"))
    ends = np.sort(wide[np.isfinite(wide)])
    middle = (ends[1:] + ends[:-1]) / 2
    x = np.concatenate([ends, middle, *(np.nextafter(middle, np.float32(to)) for to in (-1e9, 1e9)),
                        np.float32([65519.99, 65520, -65520, 1e30, math.inf, -math.inf, math.nan, 1e-30])])
    with np.errstate(over="ignore"): narrow = x.astype("float16")
    found = cuda_on_cpu.ElementwiseKernel("float32 x", "float16 y", "y = x", "narrow")(x)
    np.testing.assert_array_equal(found, narrow)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(narrow))


def kernel(body, parameters="float* x, long long n", name="f"):
    return cuda_on_cpu.RawKernel(f'extern "C" __global__ void {name}({parameters}) {{ {body} }}', name)


REVERSED = """
    __shared__ float part[64];
    part[threadIdx.x] = x[threadIdx.x];
    BARRIER
    x[threadIdx.x] = part[n - 1 - threadIdx.x];"""
SUM_OF_WARP = """
    float v = x[threadIdx.x];
    for (int bit = 16; bit; bit /= 2) v += __shfl_xor_sync(~0u, v, bit);
    x[threadIdx.x] = v;"""
CALLS = {      # what is wrong, and what is said of it
    "race among warps": (REVERSED.replace("BARRIER", "__syncwarp();"), "no barrier is between"),
    "race at one place": ("x[0] = threadIdx.x;", "no barrier is between"),
    "race of an atomic": ("atomicAdd(&x[0], 1.0f); x[1] = x[0];", "no barrier is between"),
    "outside": ("x[threadIdx.x + 1] = 0;", "writes outside"),
    "read before": ("if (threadIdx.x == 7) x[1] = x[-1];", "reads outside"),
    "barrier for some": ("if (threadIdx.x < 32) __syncthreads();", "waits at a barrier"),
    "barrier after the end": ("if (threadIdx.x == 5) return; __syncthreads();", "waits at a barrier"),
    "lane that sleeps": ("if (threadIdx.x) x[threadIdx.x] = __shfl_sync(~1u, 1.0f, 0);", "takes no part"),
}


@pytest.mark.parametrize("order", cuda_on_cpu.ORDERS)
@pytest.mark.parametrize("what", CALLS)
def test_what_a_gpu_would_do_wrong_in_silence_is_told(what, order):
    body, said = CALLS[what]
    with cuda_on_cpu.in_order(order), pytest.raises(RuntimeError, match=said):
        kernel(body)((1,), (64,), (np.zeros(64, "float32"), 64))


@pytest.mark.parametrize("order", cuda_on_cpu.ORDERS)
def test_barriers_and_shuffles_keep_their_promise(order):
    x = np.arange(64, dtype="float32")
    with cuda_on_cpu.in_order(order):
        kernel(REVERSED.replace("BARRIER", "__syncthreads();"))((1,), (64,), (x, 64))
        assert x.tolist() == list(range(63, -1, -1))
        kernel(SUM_OF_WARP)((1,), (64,), (x, 64))
    assert x.tolist() == [sum(range(32, 64))] * 32 + [sum(range(32))] * 32


@pytest.mark.parametrize("order, kept", [("forward", 64), ("reverse", 64), ("lockstep", 1)])
def test_in_lockstep_a_race_loses_what_it_loses_on_a_gpu(order, kept):
    x = np.zeros(1, "float32")
    with cuda_on_cpu.in_order(order, check=False): kernel("x[0] += 1;")((1,), (64,), (x, 64))
    assert x[0] == kept


def test_shared_memory_begins_as_anything():
    "Each block finds NaN there, not what the block before it wrote; that whose size a launch tells, too."
    x = np.zeros(3, "float32")
    kernel("__shared__ float s; x[blockIdx.x] = s; __syncthreads(); s = 1;")((3,), (1,), (x, 3))
    assert np.isnan(x).all()
    kernel("extern __shared__ float s[]; x[blockIdx.x] = s[1]; s[1] = 1;")((3,), (1,), (x, 3), shared_mem=8)
    assert np.isnan(x).all()
    with pytest.raises(RuntimeError, match="outside"):
        kernel("extern __shared__ float s[]; s[2] = 1;")((1,), (1,), (x, 3), shared_mem=8)


def test_grids_and_blocks_have_three_dimensions():
    body = """long long block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
              long long thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
              x[block * blockDim.x * blockDim.y * blockDim.z + thread] = block * 100 + thread;"""
    x = np.zeros(24 * 24, "float32")
    kernel(body)((2, 3, 4), (4, 3, 2), (x, 0))
    assert x.tolist() == [block * 100 + thread for block in range(24) for thread in range(24)]


@pytest.mark.parametrize("given, said", [
    ((np.zeros(4), 4), "is \\*f8, and the kernel takes \\*f4"), ((np.zeros(4, "f4"), 4.0), "is f8"),
    ((np.zeros(4, "f4"), np.int32(4)), "is i4"), ((np.zeros(4, "f4"),), "takes 2 arguments"),
    ((np.zeros(8, "f4")[::2], 4), "has gaps"), ((np.zeros(4, "f4"), "4"), "is a str")])
def test_arguments_of_other_types_are_refused(given, said):
    with pytest.raises((TypeError, ValueError), match=said): kernel("x[0] = n;")((1,), (1,), given)


@pytest.mark.parametrize("grid, block", [((0,), (1,)), ((1,), (0,)), ((1,), (1025,)), ((1,), (32, 33)),
                                         ((1, 1 << 16), (1,))])
def test_launches_that_a_gpu_refuses_are_refused(grid, block):
    with pytest.raises(ValueError, match="possible|at most"): kernel("")(grid, block, (np.zeros(1, "f4"), 1))


def test_a_text_that_does_not_compile_is_told():
    bad = kernel("x[0] = nothing;")
    with pytest.raises(RuntimeError, match="nothing"): bad((1,), (1,), (np.zeros(1, "f4"), 1))


def test_elementwise_kernels_broadcast_and_index():
    plus = cuda_on_cpu.ElementwiseKernel("T x, T y", "T z", "z = x + 2 * y", "plus")
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(plus(x.T, np.ones((3, 1))), x.T + 2)
    assert plus(x, 1).tolist() == (x + 2).tolist() and plus(x[:0], 1).shape == (0, 3)
    out = np.zeros((2, 3))
    assert plus(x, x, out) is out and out.tolist() == (3 * x).tolist()
    back = cuda_on_cpu.ElementwiseKernel("raw T x, int64 m", "T y", "y = x[m - 1 - i]", "back")
    assert back(np.arange(4.0), np.full(4, 4)).tolist() == [3, 2, 1, 0]
    with pytest.raises(TypeError, match="another T"): plus(x, x.astype("float32"))
    with pytest.raises(NotImplementedError): cuda_on_cpu.ElementwiseKernel("const T x", "T y", "y = x", "f")
    with pytest.raises(ValueError, match="reserved"): cuda_on_cpu.ElementwiseKernel("T n", "T y", "", "f")


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), ()])
def test_reduction_kernels_take_axes(axis):
    top = cuda_on_cpu.ReductionKernel("T x", "T y", "x * x", "max(a, b)", "y = a + 1", "0", "top")
    x = np.random.default_rng(0).standard_normal((3, 150, 2))
    for keep in (False, True):
        expected = (x * x).max(axis=axis, keepdims=keep) + 1
        np.testing.assert_array_equal(top(x, axis=axis, keepdims=keep), expected)
    with pytest.raises(NotImplementedError): top(x, x)


HASTY = {      # how a kernel of whole blocks is called
    "softmax": lambda kernel, x, y: kernel((4,), (128,), (x, y, 300, 1, 0)),
    "standardize": lambda kernel, x, y: kernel(
        (4,), (128,), (x, y, np.ones(4, "f4"), np.ones(4, "f4"), 1, 300, 1e-5, 1)),
    "standardize_slope": lambda kernel, x, y: kernel(
        (4,), (128,), (x, y, np.ones(4, "f4"), y.copy(), 1, 300, 1e-5, 1))}
# the other barrier of softmax: its maximum and its sum have parts of their own, for the functions are two
BARRIERS = [("softmax", 0), *((name, n) for name in ("standardize", "standardize_slope") for n in range(2))]


@pytest.mark.parametrize("name, number", BARRIERS)
def test_a_kernel_without_one_of_its_barriers_is_refused(name, number):
    "Also where the shared memory is that of a template, which the compiler keeps elsewhere."
    parts = SOURCES[name].split("__syncthreads();")
    broken = "__syncthreads();".join(parts[:number + 1]) + "__syncthreads();".join(parts[number + 1:])
    x = np.random.default_rng(0).standard_normal((4, 300)).astype("float32")
    HASTY[name](cuda_on_cpu.RawKernel(f"typedef float T;\n{SOURCES[name]}", name), x, x.copy())
    with pytest.raises(RuntimeError, match="no barrier is between them"):
        HASTY[name](cuda_on_cpu.RawKernel(f"typedef float T;\n{broken}", name), x, x.copy())
