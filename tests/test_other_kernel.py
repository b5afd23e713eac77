"""The chapters that train, run once more with the last digits of another processor."""
import os
import subprocess
import sys

import pytest

import book
import execute
from chapters import chapters_of, passes

# The chapters on machines and on profiles take a step or two, to look at it: nothing there runs away
TRAINING = [path for path in book.notebooks() if book.trains(book.read(book.ROOT / path))
            and not path.startswith(("nbs/07", "nbs/10"))]


@pytest.fixture(scope="module")
def running_elsewhere(request, tmp_path_factory):
    """The chapters that train, with the last digits of another processor."""
    if os.environ.get("OTHER_KERNEL") != "1":
        pytest.skip("with another kernel only if asked")
    kernel = execute.other_kernel()
    if kernel is None:
        pytest.skip("NumPy here is not on OpenBLAS: no other kernel")
    folder = tmp_path_factory.mktemp("elsewhere") / "book"
    execute.stage(target=folder)
    paths = chapters_of(request, test_chapter_that_trains_runs_with_another_kernel)
    with execute.futures(paths, folder, OPENBLAS_CORETYPE=kernel) as futures:
        yield futures


@pytest.mark.parametrize("path", TRAINING)
def test_chapter_that_trains_runs_with_another_kernel(path, running_elsewhere):
    passes(running_elsewhere[path].result()[0])


def test_the_other_kernel_adds_in_another_order():
    """Or the test above would show nothing."""
    kernel = execute.other_kernel()
    if kernel is None:
        pytest.skip("NumPy here is not on OpenBLAS: no other kernel")
    code = ("import numpy as np; r = np.random.default_rng(0)\n"
            "print((r.normal(size=(200, 300)) @ r.normal(size=(300, 100))).tobytes().hex())")
    products = {subprocess.run([sys.executable, "-c", code], env=os.environ | extra, capture_output=True,
                               check=True).stdout
                for extra in ({}, {"OPENBLAS_CORETYPE": kernel})}
    assert len(products) == 2
