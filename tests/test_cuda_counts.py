"""What is counted of a kernel on the CPU is what a GPU's counters show: the requests of warps, the sectors of
32 bytes that these touch, the passes over the banks of shared memory. Each is computed here another way."""
import math
from collections import Counter

import numpy as np
import pytest

import cuda_on_cpu
from cuda_on_cpu import ORDERS, RawKernel, counted, in_order

pytestmark = pytest.mark.skipif(cuda_on_cpu.COMPILER is None, reason="there is no C++ compiler")
HEAD = 'extern "C" __global__ void'
THREAD = "long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;"
TYPES = {"float32": "float", "float64": "double", "int8": "signed char", "int16": "short"}


def of(kernel, grid, block, *args, order="forward"):
    "Everything that is counted in one launch."
    with counted() as counts, in_order(order): kernel((grid,), (block,), args)
    return {name: getattr(counts, name) for name, _ in counts._fields_}


def gather(kind):
    return RawKernel(f"{HEAD} gather({TYPES[kind]}* y, const {TYPES[kind]}* x, const long long* at) {{ {THREAD}"
                     "y[i] = x[at[i]]; }", "gather")


def sectors(places, itemsize):
    "Of these places in an array that lies at an aligned address, read by warps."
    return sum(len(set(warp * itemsize // 32)) for warp in places.reshape(-1, 32))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", TYPES)
def test_sectors_are_those_of_the_addresses(kind, order):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 100, 500).astype(kind), np.empty(192, kind)
    one, eight, all_of = y.itemsize, 8, np.arange(192)
    for at in (all_of, all_of[::-1].copy(), all_of * 2, rng.integers(0, 500, 192), np.zeros(192, int)):
        seen = of(gather(kind), 3, 64, y, x, at, order=order)
        assert (y == x[at]).all()
        assert seen["sectors"] == sectors(at, one) + sectors(all_of, one) + sectors(all_of, eight)
        assert (seen["requests"], seen["lanes"]) == (3 * 6, 3 * 192)
        assert seen["shared"] == seen["passes"] == seen["atomics"] == 0


def test_a_view_begins_where_it_begins():
    x, y, at = np.arange(100, dtype="float32"), np.empty(32, "float32"), np.arange(32)
    aligned = of(gather("float32"), 1, 32, y, x, at)["sectors"]
    for start in range(17):
        assert of(gather("float32"), 1, 32, y, x[start:], at)["sectors"] == aligned + (start % 8 > 0)


@pytest.mark.parametrize("order", ORDERS)
def test_passes_are_the_most_words_in_a_bank(order):
    for kind, words in (("float", 1), ("double", 2)):
        kernel = RawKernel(f"{HEAD} banks({kind}* y, long long step) {{ {THREAD} __shared__ {kind} part[1024];"
                           "for (int j = i; j < 1024; j += 32) part[j] = j;"
                           "__syncthreads(); y[i] = part[step * i]; }", "banks")
        y = np.empty(32, "float32" if words == 1 else "float64")
        for step in (*range(9), 16, 17, 31, 32, 33):
            seen = of(kernel, 1, 32, y, step, order=order)
            assert (y == step * np.arange(32)).all()
            touched = {step * lane * words + word for lane in range(32) for word in range(words)}
            most = max(Counter(word % 32 for word in touched).values())
            if words == 1 and step: assert most == math.gcd(step, 32)
            assert seen["shared"] == 32 + 1
            assert seen["passes"] == 32 * words + most


@pytest.mark.parametrize("order", ORDERS)
def test_threads_that_part_ask_twice(order):
    kernel = RawKernel(f"{HEAD} part(float* y, const float* a, const float* b, long long by) {{ {THREAD}"
                       "if (i / by % 2) y[i] = a[i] * 2; else y[i] = sqrtf(b[i]); }", "part")
    a, b, y = np.ones(128, "float32"), np.full(128, 4, "float32"), np.empty(128, "float32")
    together = of(kernel, 1, 128, y, a, b, 32, order=order)
    apart = of(kernel, 1, 128, y, a, b, 1, order=order)
    assert (y == 2).all()
    assert together["lanes"] == apart["lanes"] == 256
    assert (together["requests"], apart["requests"]) == (8, 16)


def test_a_loop_ends_with_its_longest_thread():
    kernel = RawKernel(f"{HEAD} loop(float* y, const float* x, const long long* length) {{ {THREAD}"
                       "float sum = 0; for (int j = 0; j < length[i]; j++) sum += x[j]; y[i] = sum; }", "loop")
    length = np.random.default_rng(0).integers(0, 50, 64)
    x, y = np.ones(50, "float32"), np.empty(64, "float32")
    seen = of(kernel, 1, 64, y, x, length)
    assert (y == length).all()
    longest = length.reshape(2, 32).max(1).sum()
    assert longest <= seen["requests"] - 4 <= longest + 2 + longest      # `length[i]` may be read each time
    assert seen["lanes"] >= length.sum() + 2 * 64


def test_atomics_are_counted_and_nothing_where_nobody_counts():
    kernel = RawKernel(f"{HEAD} total(float* y, const float* x) {{ {THREAD} atomicAdd(y, x[i]); }}", "total")
    x, y = np.ones(96, "float32"), np.zeros(1, "float32")
    seen = of(kernel, 3, 32, y, x)
    assert (seen["requests"], seen["atomics"], seen["sectors"]) == (6, 96, 3 + 12)
    with counted() as outer:
        with counted() as inner: kernel((3,), (32,), (y, x))
        assert inner.atomics == 96 and outer.atomics == 0
    kernel((3,), (32,), (y, x))
    assert inner.atomics == 96 and y[0] == 3 * 96
