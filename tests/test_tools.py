"""The tools, on a tiny book that has every construct (sample_book.py)."""
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.parse

import nbformat
import pytest

import _nbfilter
import book
import conftest
import execute
import lab
import lint
import pages
import readme
import sample_book
import site_build


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    root = sample_book.make(tmp_path_factory.mktemp("sample") / "book")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(execute.NEEDS, "gpu", lambda: False)
        assert [execute.run(path, root) for path in book.notebooks(root)] == [None, None, None]
    return root


@pytest.fixture(scope="module")
def site(sample):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site_build.shutil, "which", lambda name: None)   # Sphinx's pages, also where Quarto is installed
        return site_build.build(sample, sample.parent / "site").parent


def words(site, name):
    return " ".join(pages.soup(site / name).find("main").get_text().split())


def test_lint_allows_it(sample):
    assert lint.check(sample) == []


def test_a_cell_whose_need_is_missing_keeps_its_output(sample, site):
    cell = book.read(sample / "nbs/two.ipynb")["cells"][-1]
    assert cell["outputs"][0]["text"] == ["a stored output\n"]
    assert "Output of 2026-01-31, with Python 3.12.1, numpy 2.1." in words(site, "nbs/two.html")


def test_every_construct_is_rendered(site):
    one = words(site, "nbs/one.html")
    for expected in ("exported to edunets.one", "See Two, An inner section, Equation 1 and Figure 1", "@sec-one in code stays",
                     "Figure 1. A line, as in Equation 1.", "A title", "Solution", "only the output is shown"):
        assert expected in one
    for dropped in ("hidden_cell", "default_exp", "#|", "print('only"):
        assert dropped not in one
    page = pages.soup(site / "nbs/one.html")
    assert page.select_one("p.edu-exported")["id"].startswith("cell-")
    assert page.select_one(".edu-svg svg rect[stroke=currentColor]")
    assert [image["alt"] for image in page.select("main .cell_output img")] == ["A line, as in the equation."]
    assert len(page.select("main details")) == 2      # the folded figure code and the folded solution
    assert "hello from the index" in words(site, "index.html")
    assert "First part One chapter Two" in words(site, "index.html")


def test_pages_are_whole(site):
    for path in pages.of(site).values():
        assert pages.remnants(path) + pages.dead_links(path, site) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_in_a_browser(browser, site, theme):
    for path in pages.of(site).values():
        assert pages.complaints(browser, path, theme) == []


def test_the_filter_as_quarto_runs_it(sample):
    script, notebook = sample / "nbs/_nbfilter.py", sample / "nbs/one.ipynb"
    done = subprocess.run([sys.executable, script], input=notebook.read_text(), capture_output=True, text=True, check=True)
    shown = json.loads(done.stdout)
    nbformat.validate(shown)
    sources = ["".join(cell["source"]) for cell in shown["cells"]]
    assert "def square(x):\n    'The square of x.'\n    return x * x" in sources
    assert any(source.startswith('#| fig-alt: "A line, as in the equation."\n#| label: fig-line\n#| fig-cap:') for source in sources)
    drawing = next(cell for cell in shown["cells"] if "Drawing()" in "".join(cell["source"]))
    assert list(drawing["outputs"][0]["data"]) == ["text/plain", "text/markdown"]


def test_quarto_gets_one_result_for_a_caption():
    picture, value = ({"output_type": kind, "metadata": {}, "data": data} for kind, data in [
        ("display_data", {"image/png": "", "text/plain": "<Figure>"}), ("execute_result", {"text/plain": ["1.5"]})])
    cell = {"cell_type": "code", "source": ["#| label: fig-x\n", '#| fig-cap: "X."\n', "x"], "outputs": [picture, value]}
    assert _nbfilter.for_quarto({"cells": [cell]})["cells"][0]["outputs"] == [
        picture, {"output_type": "stream", "name": "stdout", "text": "1.5\n"}]


def stub_quarto(folder, body, monkeypatch):
    folder.mkdir()
    (folder / "quarto").write_text(f"#!/bin/sh\n{body}\n")
    (folder / "quarto").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_quarto_is_taken_where_it_is(sample, tmp_path, monkeypatch):
    stub_quarto(tmp_path / "bin", 'mkdir -p "$2/_build/quarto" && echo quarto > "$2/_build/quarto/index.html"', monkeypatch)
    assert site_build.build(sample, tmp_path / "site").read_text() == "quarto\n"


def test_a_warning_of_quarto_is_an_error(sample, tmp_path, monkeypatch):
    stub_quarto(tmp_path / "bin", 'echo "WARN: unresolved @sec-x" >&2', monkeypatch)
    with pytest.raises(SystemExit, match="unresolved"):
        site_build.build(sample, tmp_path / "site")


FAILING = {
    "a statement": (["# Bad", ("code", "x = 1\nx / 0")],
                    "bad.ipynb, cell 1 (id cell-1)\n    x / 0\n    ZeroDivisionError: division by zero"),
    "an assertion": (["# Bad", ("code", "a = [1, 2]\nfor b in a:\n    assert b < 2 and len(a) == 2, 'too large'")],
                     "bad.ipynb, cell 1 (id cell-1)\n    assert b < 2 and len(a) == 2, 'too large'\n"
                     "    AssertionError: too large\n    b = 2\n    len(a) = 2"),
    "no Python": (["# Bad", ("code", "x = 1\n1 + = 2")],
                  "bad.ipynb, cell 1 (id cell-1)\n    x = 1\n    SyntaxError: invalid syntax (line 2)"),
    "a dead kernel": (["# Bad", ("code", "import os\nos._exit(1)")],
                      "bad.ipynb, cell 1 (id cell-1)\n    import os\n    the kernel died"),
}


@pytest.mark.parametrize("kind", FAILING)
def test_a_failure_names_cell_line_and_values(kind, tmp_path):
    contents, told = FAILING[kind]
    sample_book.write_notebook(tmp_path / "bad.ipynb", contents)
    assert str(execute.run("bad.ipynb", tmp_path)) == told


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """The sample with a chapter that fails; (its folder, the failures)."""
    root = sample_book.make(tmp_path_factory.mktemp("broken") / "book")
    nb = book.read(root / "nbs/one.ipynb")
    nb["cells"].insert(-1, sample_book.cell("last", ("code", "got = square(3)\nassert got == 8")))
    book.write(root / "nbs/one.ipynb", nb)
    return root, execute.run_all(root, jobs=2)


def test_a_chapter_that_fails_does_not_withhold_the_others(broken, tmp_path):
    root, failures = broken
    assert [failed.path for failed in failures] == ["nbs/one.ipynb"]
    assert "hello from the index" in str(book.read(root / book.INDEX))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site_build.shutil, "which", lambda name: None)
        site = site_build.build(root, tmp_path / "site").parent
    assert "did not run to its end" in words(site, "nbs/one.html")
    assert "assert got == 8 AssertionError: got = 9" in words(site, "nbs/one.html")
    assert "did not run to its end" not in words(site, "nbs/two.html")


def test_progress_is_told_before_a_chapter_starts(broken, capsys):
    root, _ = broken
    execute.run_all(root, jobs=1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines if " left" in line] == [[n, "of", "3,"] for n in "123"]
    assert lines[-1].startswith("3 chapters ran in ")


def test_how_much_is_left_is_told_at_the_pace_of_what_ran(monkeypatch, tmp_path):
    monkeypatch.setattr(execute, "SECONDS", tmp_path / "seconds.json")
    book.write(execute.SECONDS, {"a": 30, "b": 120, "c": 180})
    book.write(tmp_path / "own.json", {"a": 60})          # what it took here counts more
    progress = execute.Progress(["a", "b", "c"], 1, tmp_path / "own.json")
    assert progress.left() == 360
    progress.end("a", 120, None)
    assert progress.left() == 2 * (120 + 180)


def test_what_was_not_checked_is_one_sentence():
    reasons = ["could not import 'torch': No module named 'torch'", "Skipped: no Chromium on this machine",
               "could not import 'jax': No module named 'jax'", "3 cells need torch; their stored outputs stand", "a Tuesday"]
    assert conftest.unchecked(reasons) == ("Not checked: what needs PyTorch and what needs JAX (make test COMPARE=1); "
                                           "the pages in a browser (install Chromium); a Tuesday.")
    assert conftest.unchecked([]) == "Everything was checked."


@pytest.mark.skipif(not hasattr(os, "getuid") or shutil.which("make") is None, reason="Windows has no make")
def test_make_lab_works_as_root_and_takes_arguments():
    asked = subprocess.run(["make", "--dry-run", "lab", "ARGS=--port=9999"], cwd=book.ROOT, capture_output=True, text=True).stdout
    line = next(line for line in asked.splitlines() if "jupyter lab" in line)
    assert "--port=9999" in line and ("--allow-root" in line) == (os.getuid() == 0)


def words_of(path):
    return "\n".join("".join(cell["source"]) for cell in book.read(path)["cells"])


def test_a_readers_copies_show_no_markup_of_the_site(tmp_path):
    root, copies = sample_book.make(tmp_path / "book"), tmp_path / "lab"
    assert lab.write(root, copies) == []
    one, two = copies / "01 First part" / "01 One chapter.ipynb", copies / "01 First part" / "02 Two.ipynb"
    found = re.sub(r"```python.*?```", "", words_of(one), flags=re.DOTALL)
    assert not re.search(r"\{[#.]|^:::|^#\||(?<!`)@(sec|eq|fig)-|hidden_cell", found, re.MULTILINE)
    assert "[Two](02%20Two.ipynb#Two)" in found and "[An inner section](#An-inner-section)" in found
    assert "[link](02%20Two.ipynb)" in found and "<details><summary>Solution</summary>" in found
    assert "[the figure](01%20One%20chapter.ipynb)" in words_of(two)
    folded = [cell for cell in book.read(one)["cells"] if cell["metadata"].get("jupyter", {}).get("source_hidden")]
    assert len(folded) == 1 and "plt.plot" in "".join(folded[0]["source"])


def test_a_readers_copy_that_was_changed_is_never_overwritten(tmp_path):
    root, copies = sample_book.make(tmp_path / "book"), tmp_path / "lab"
    lab.write(root, copies)
    one, two = copies / "01 First part" / "01 One chapter.ipynb", copies / "01 First part" / "02 Two.ipynb"
    mine = book.read(one)
    mine["cells"][-1]["source"] = ["mine = 1"]
    book.write(one, mine)
    assert lab.write(root, copies) == []       # the book has nothing newer
    for path in ("nbs/one.ipynb", "nbs/two.ipynb"):
        nb = book.read(root / path)
        nb["cells"].append(sample_book.cell("new", "a new end"))
        book.write(root / path, nb)
    assert lab.write(root, copies) == ["01 First part/01 One chapter.ipynb"]
    assert "mine = 1" in words_of(one) and "a new end" not in words_of(one) and words_of(two).endswith("a new end")
    lab.write(root, copies)
    assert "mine = 1" in words_of(one)


def test_links_between_a_readers_copies_lead_somewhere(tmp_path):
    lab.write(lab=tmp_path)
    for path in tmp_path.rglob("*.ipynb"):
        for target in re.findall(r"\]\(([^)#:]+\.ipynb)", words_of(path)):
            assert (path.parent / urllib.parse.unquote(target)).exists(), (path.name, target)


BAD = {
    "a chapter begins with its title": ["## Not a title"],
    "not an allowed callout": ["# T\n\n::: {.panel-tabset}\n:::"],
    "not closed": ["# T\n\n::: {.callout-note}\ntext"],
    "points at nothing": ["# T\n\nSee @sec-nowhere."],
    "only one renderer knows": ["# T\n\nA [word]{.mark}."],
    "not an allowed directive": ["# T", ("code", "#| layout-ncol: 2\n1")],
    "go together": ["# T", ("code", "#| label: fig-x\n1")],
    "exported lines": ["# T", ("code", "#| export\n" + "x = 1\n" * 41)],
    "at most 60": ["# T"] + ["text"] * 60,
    "the path of one machine": ["# T", ("code", "open('/home/me/data')")],
    "not in the book": ["# T\n\n[there](../LICENSE)"],
}


@pytest.mark.parametrize("problem", BAD)
def test_lint_finds(problem, tmp_path):
    sample_book.write_notebook(tmp_path / "bad.ipynb", BAD[problem])
    assert problem in "\n".join(lint.notebook(book.read(tmp_path / "bad.ipynb"), set()))


def test_the_files_stand_in_the_books_order():
    """A listing of nbs/ is the table of contents: two digits, and a letter without a gap. A title has its topic first."""
    numbered = [path for path in book.chapters() if re.match(r"nbs/\d", path)]
    assert numbered == sorted(numbered)
    for _, group in itertools.groupby(numbered, lambda path: path[4:6]):
        letters = [path[6] for path in group]
        assert letters == ["_", *"abcdefghijklmnopqrstuvwxyz"[:len(letters) - 1]]
    topics = [readme.title(book.read(book.ROOT / path)).split(": ") for path in numbered]
    assert all(len(title) == 2 for title in topics) and len({topic for topic, _ in topics}) == len(topics)
