"""What the pages of layers and op families say of PyTorch and JAX: with versions, timed with one thread
too."""
import re
import time

import pytest

import book
from _nbfilter import directives, text

PAGES = [path for path in book.notebooks() if path.startswith(("nbs/nn/", "nbs/ops/"))]
SECTION = "## What the real thing does differently"


def cells(path):
    return book.read(book.ROOT / path)["cells"]


@pytest.mark.parametrize("path", PAGES)
def test_the_section_begins_with_versions(path):
    found = cells(path)
    for place, cell in enumerate(found):
        if cell["cell_type"] == "markdown" and SECTION in text(cell):
            assert "__version__" in "".join(text(after) for after in found[place + 1:place + 3])


@pytest.mark.parametrize("path", PAGES)
def test_pytorch_is_timed_with_one_thread_too(path):
    timed = re.compile(r"perf_counter|timeit|default_timer|process_time")
    found = [cell["id"] for cell in cells(path) if "torch" in directives(cell) and timed.search(text(cell))]
    assert found == []


def test_no_ratio_where_medians_and_shortest_times_disagree():
    pytest.importorskip("torch")
    from benchmarks.threads import ratio
    assert ratio({"edunets": [2.0, 2.1, 2.2], "PyTorch": [1.0, 1.05, 1.1]}) == 2
    assert ratio({"edunets": [2.0, 2.1, 2.2], "PyTorch": [1.0, 8.0, 9.0]}) is None


def test_one_thread_is_given_back():
    torch = pytest.importorskip("torch")
    from benchmarks.threads import one_thread
    before = torch.get_num_threads()
    with pytest.raises(KeyError), one_thread():
        assert torch.get_num_threads() == 1
        raise KeyError
    assert torch.get_num_threads() == before


def test_the_table_has_both():
    pytest.importorskip("torch")
    from benchmarks.threads import beside
    sums = {"edunets": lambda: sum(range(20_000)), "PyTorch": lambda: sum(range(10_000))}
    table = beside({"a sum": sums}, rounds=5)
    assert "all threads" in repr(table) and "one thread each" in repr(table) and "a sum" in repr(table)
    waiting = beside({"asleep": {"edunets": lambda: time.sleep(0.01), "PyTorch": lambda: None}}, rounds=3)
    assert min(waiting.alone["asleep"]["edunets"]) < 0.005      # the processor did nothing
