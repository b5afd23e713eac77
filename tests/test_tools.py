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
from nbformat.sign import NotebookNotary

import _nbfilter
import book
import conftest
import execute
import frame
import lab
import lint
import pages
import quarto_pages
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


RENDERERS = ["sphinx"] + ["quarto"] * (shutil.which("quarto") is not None)


@pytest.fixture(scope="module", params=RENDERERS)
def site(request, sample):
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "sphinx":
            patch.setattr(site_build.shutil, "which", lambda name: None)   # also where Quarto is installed
        return site_build.build(sample, sample.parent / request.param / "site").parent


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
    for expected in ("exported to edunets.one",
                     "See Two: what is in it?, An inner section, Equation 1.1.1 and Figure 1.1.1",
                     "@sec-one in code stays", "A line, as in Equation 1.1.1.", "A title", "Solution",
                     "only the output is shown"):
        assert expected in one
    for dropped in ("hidden_cell", "default_exp", "#|", "print('only"):
        assert dropped not in one
    page = pages.soup(site / "nbs/one.html")
    assert page.select_one("p.edu-exported")["id"].startswith("cell-")
    assert page.select_one(".edu-svg svg rect[stroke=currentColor]")
    assert [plot["aria-label"] for plot in page.select("main .cell svg.edu-plot")] == [
        "A line, as in the equation."]
    assert "hello from the index" in words(site, "index.html")
    assert "First part One chapter Two" in words(site, "index.html")


def folds(site):
    """{summary: what is inside}, without the contents for small screens."""
    page = pages.soup(site / "nbs/one.html").find("main")
    found = {}
    for fold in page.select("details:not(.edu-here)"):
        shown = next(fold.summary.stripped_strings)      # Sphinx has a second one, for the open fold
        found[shown] = fold.get_text(" ", strip=True)
    for note in page.select(".callout[class*=callout-tip]"):       # how Quarto folds a note
        title = list(note.select_one(".callout-title-container").stripped_strings)[-1]
        found[title] = note.get_text(" ", strip=True)
    return found


def test_folds_say_what_is_in_them(site):
    found = folds(site)
    assert sorted(found) == ["3 lines", "6 checks: 1 line", "Solution", "Solution 1: a cube",
                             "check_names, Sizes: 5 lines", "imports"]
    assert "from functools import reduce" in found["imports"]
    assert "the cube is 27" in found["Solution 1: a cube"]         # a solution's output is folded with it


def test_numbers_are_those_of_the_chapter(site):
    one, two = words(site, "nbs/one.html"), words(site, "nbs/two.html")
    assert "Figure 1.1.1" in one and "(1.1.1)" in one
    assert "Figure 1.1.1" in two                                   # the other chapter's, by its number
    assert pages.soup(site / "nbs/two.html").select_one("h1 .edu-number").get_text() == "1.2"


def test_the_chapters_stand_at_the_left_by_topic(site):
    page = pages.soup(site / "nbs/two.html")
    assert [item.get_text()
            for item in page.select(".edu-chapters details[open] summary")] == ["1 First part"]
    links = page.select(".edu-chapters a")
    assert [link.get_text(" ", strip=True) for link in links] == ["1.1 One chapter", "1.2 Two"]
    assert links[1]["title"] == "Two: what is in it?" and links[1]["aria-current"] == "page"
    title = page.select_one("main h1")
    assert ([part.get_text() for part in title.select(".edu-topic, .edu-question")]
            == ["Two", "what is in it?"])


def test_the_parts_of_a_title():
    assert _nbfilter.marked_headline("# Views: who else? {#sec-v}") == (
        "# [Views]{.edu-topic}[:]{.edu-colon} [who else?]{.edu-question} {#sec-v}")
    assert (_nbfilter.marked_headline("# `a`: `b`?")
            == "# [`a`]{.edu-topic}[:]{.edu-colon} [`b`?]{.edu-question .edu-name}")
    assert _nbfilter.marked_headline("# Layout") == "# [Layout]{.edu-topic}"


def test_a_page_says_what_it_is_about(site):
    keywords = pages.soup(site / "nbs/one.html").select_one("meta[name=keywords]")["content"]
    assert keywords.split(", ") == ["one", "square"]
    assert [item["content"]
            for item in pages.soup(site / "nbs/one.html").select("meta[name=description]")] == [
        "Text with code, x^2, and a link. See the section, the section, the equation and the figure."]


def test_pages_are_whole(site):
    for path in pages.of(site).values():
        assert pages.remnants(path) + pages.dead_links(path, site) == []


def test_nothing_comes_from_the_network(site):
    assert pages.asks(site) == []


@pytest.mark.parametrize("line",
                         ['@import "https://a.org/x.css";',
                          "a { src: url(//a.org/b.woff) }",
                          "a { src: url('http://a.org/b') }"])
def test_what_would_come_from_the_network_is_found(line, tmp_path):
    (tmp_path / "a.css").write_text(f"/* url(https://a.org) */ b {{ background: url(data:x) }} {line}")
    assert len(pages.asks(tmp_path)) == 1
    (tmp_path / "a.html").write_text('<a href="https://a.org"></a><script src="https://a.org/x.js"></script>')
    assert len(pages.asks(tmp_path)) == 2


def test_pages_in_a_browser(browser, site):
    assert pages.complaints(browser, site) == {}


@pytest.fixture
def opened(browser, site):
    """A function that opens a page of the site for a screen of a given size."""
    opened_pages = []

    def open_page(name, viewport):
        opened_pages.append(browser.new_page(viewport=viewport))
        opened_pages[-1].goto(host + name, wait_until="load")
        return opened_pages[-1]
    with pages.served(site) as host:
        yield open_page
    for page in opened_pages:
        page.close()


@pytest.mark.parametrize("word", ["square", "SQUARE", "one"])
def test_the_search_puts_the_chapter_of_a_word_first(opened, word):
    assert "One chapter" in pages.first_hit(opened("index.html", pages.DESK), word)


def test_the_search_knows_no_formulas(site):
    index = (site / "searchindex.js" if (site / "searchindex.js").exists()
             else site / "search.json").read_text()
    assert "qquad" not in index and "x^2" not in index and "x2" not in index


def test_prose_output_and_head_on_a_desk(opened):
    page = opened("nbs/one.html", pages.DESK)
    measure = page.evaluate(pages.MEASURE)
    assert measure and all(65 <= characters <= 75 for characters in measure)
    output = page.query_selector("text=a long line of output a long")
    assert output.evaluate("e => getComputedStyle(e.closest('pre')).whiteSpace") == "pre"
    for part in (".edu-chapters [aria-current]", "text=sample >> nth=0",
                 "#quarto-search, .search-button-field", ".quarto-color-scheme-toggle, .theme-switch-button"):
        box = next(element for element in page.query_selector_all(part)
                   if element.is_visible()).bounding_box()
        assert 0 <= box["y"] < pages.DESK["height"]


def test_the_menu_of_a_phone_opens_at_the_current_part(opened):
    page = opened("nbs/two.html", pages.PHONE)
    assert next(e for e in page.query_selector_all(".quarto-color-scheme-toggle, .theme-switch-button")
                if e.is_visible())
    assert not page.query_selector(".edu-chapters").is_visible()
    page.click(".quarto-btn-toggle, .pst-navbar-icon.primary-toggle, .primary-toggle")
    page.wait_for_timeout(600)
    here = next(e for e in page.query_selector_all(".edu-chapters [aria-current]") if e.is_visible())
    assert (0 <= here.bounding_box()["y"] < pages.PHONE["height"]
            and 0 <= here.bounding_box()["x"] < pages.PHONE["width"])


def test_a_phone_folds_the_contents_of_a_page(opened):
    page = opened("nbs/one.html", pages.PHONE)
    assert page.is_visible(".edu-here summary") and not page.is_visible(".edu-here a")
    page.click(".edu-here summary")
    page.click(".edu-here a")
    assert page.url.endswith(page.get_attribute(".edu-here a", "href"))
    assert not opened("nbs/one.html", pages.DESK).is_visible(".edu-here")


def test_only_the_current_part_of_the_book_is_open():
    one, two = (frame.Chapter(f"nbs/{name}.ipynb", number, f"`{name}`: a < b?", {})
                for name, number in [("one", "1.1"), ("two", "2.1")])
    found = frame.chapter_list([("1 First", [one]), ("2 Second", [two])], "nbs/two",
                               lambda page: f"{page}.html")
    assert (found.startswith('<div class="edu-chapters"><details><summary>1 First</summary>')
            and "<details open><summary>2 Second" in found)
    assert '<a href="nbs/one.html" title="one: a &lt; b?"><span class="edu-number">1.1</span><span><code>one</code></span></a>' in found


def test_quartos_pages_get_the_frame(sample):
    parts, chapters = frame.parts(sample), frame.chapters(sample)
    page = quarto_pages.framed(sample_book.QUARTO_PAGE, "nbs/one", parts, chapters)
    for expected in ('<a href="../nbs/two.html" title="Two: what is in it?">',
                     'd-lg-block"><span class="edu-number">1.1</span> ',
                     '</header><details class="edu-here"><summary>On this page</summary><ul>',
                     '<li><a href="#sec-inner">An inner',
                     '<mn>2</mn></msup></mrow>',
                     'y = x^2</annotation></semantics></math><span class="edu-equation">(1.1.1)</span>',
                     "Equation&nbsp;<span>1.1.1</span>", "Figure&nbsp;<span>1.2.1</span>",
                     "Figure&nbsp;1.1.1: A line.",
                     '<p>Of <span class="edu-together"><math display="inline">', "</math>,</span> <a",
                     "<script>\n// What a page does by itself", "</script>\n</body></html>",
                     '<meta name="keywords" content="one, square">'):
        assert expected in page
    assert page.count('name="description"') == 1 and "1 One</a>" not in page


def test_quartos_search_is_cleared_up(sample, tmp_path):
    (tmp_path / "nbs").mkdir()
    (tmp_path / "nbs/one.html").write_text(sample_book.QUARTO_PAGE)
    book.write(tmp_path / "search.json", sample_book.QUARTO_INDEX)
    quarto_pages.finish(tmp_path, sample)
    docs = book.read(tmp_path / "search.json")
    assert ([(doc["section"], doc["href"]) for doc in docs[:2]]
            == [("one", "nbs/one.html"), ("two", "nbs/two.html")])
    assert next(doc for doc in docs if doc["section"] == "square")["href"].startswith("nbs/one.html#cell-")
    assert docs[-1]["text"] == "… Of g, Equation 2.1"


def test_the_filter_as_quarto_runs_it(sample):
    script, notebook = sample / "nbs/_nbfilter.py", sample / "nbs/one.ipynb"
    done = subprocess.run([sys.executable, script], input=notebook.read_text(), capture_output=True,
                          text=True, check=True)
    shown = json.loads(done.stdout)
    nbformat.validate(shown)
    sources = ["".join(cell["source"]) for cell in shown["cells"]]
    assert "def square(x):\n    'The square of x.'\n    return x * x" in sources
    assert '#| code-fold: true\n#| code-summary: "imports"\nimport math\nfrom functools import reduce' in sources
    assert '::: {.callout-tip collapse="true" title="Solution 1: a cube"}\n' in sources
    drawing = next(cell for cell in shown["cells"] if "Drawing()" in "".join(cell["source"]))
    assert list(drawing["outputs"][0]["data"]) == ["text/plain", "text/markdown"]


def test_quarto_gets_one_result_for_a_caption():
    picture, value = ({"output_type": kind, "metadata": {}, "data": data} for kind, data in [
        ("display_data", {"text/html": "<svg></svg>", "text/plain": "<Figure>"}),
        ("execute_result", {"text/plain": ["1.5"]})])
    cell = {"cell_type": "code",
            "source": ["#| label: fig-x\n", '#| fig-cap: "X."\n', "x"],
            "outputs": [picture, value]}
    assert _nbfilter.for_quarto({"cells": [cell]})["cells"][0]["outputs"] == [
        picture, {"output_type": "stream", "name": "stdout", "text": "1.5\n"}]


def test_a_table_after_a_picture_is_no_part_of_the_figure():
    outputs = [{"output_type": "display_data", "metadata": {}, "data": {"text/html": [f"<{tag}></{tag}>"]}}
               for tag in ("svg", "table")]
    cell = {"cell_type": "code", "id": "both", "source": ["#| label: fig-x\n", "x"], "outputs": outputs}
    picture, table = _nbfilter.for_quarto({"cells": [cell]})["cells"]
    for shown, tag in ((picture, "svg"), (table, "table")):
        assert [f"<{tag}>" in output["data"]["text/markdown"] for output in shown["outputs"]] == [True]
    assert table["source"] == ["#| echo: false\n"] and table["id"] != "both"


def stub_quarto(folder, body, monkeypatch):
    folder.mkdir()
    (folder / "quarto").write_text(f"#!/bin/sh\n{body}\n")
    (folder / "quarto").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_quarto_is_taken_where_it_is(sample, tmp_path, monkeypatch):
    stub_quarto(tmp_path / "bin",
                'mkdir -p "$2/_build/quarto" && echo quarto > "$2/_build/quarto/index.html"', monkeypatch)
    assert site_build.build(sample, tmp_path / "site").read_text() == "quarto\n"


def test_a_warning_of_quarto_is_an_error(sample, tmp_path, monkeypatch):
    stub_quarto(tmp_path / "bin", 'echo "WARN: unresolved @sec-x" >&2', monkeypatch)
    with pytest.raises(SystemExit, match="unresolved"):
        site_build.build(sample, tmp_path / "site")


FAILING = {
    "a statement": (["# Bad", ("code", "x = 1\nx / 0")],
                    "bad.ipynb, cell 1 (id cell-1)\n    x / 0\n    ZeroDivisionError: division by zero"),
    "an assertion": (["# Bad",
                      ("code", "a = [1, 2]\nfor b in a:\n    assert b < 2 and len(a) == 2, 'too large'")],
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
               "could not import 'jax': No module named 'jax'",
               "3 cells need torch; their stored outputs stand",
               "could not import 'torchvision': No module named 'torchvision'",
               "CuPy is not installed: make test CUDA=1",
               "a Tuesday"]
    assert conftest.unchecked(reasons) == ("Not checked: what needs PyTorch and what needs JAX (make "
                                           "test COMPARE=1); "
                                           "the pages in a browser (install Chromium); what needs "
                                           "torchvision (pip install torchvision); what is said to a "
                                           "GPU, beside CuPy (make test CUDA=1); a Tuesday.")
    assert conftest.unchecked([]) == "Everything was checked."


def would_run(*arguments):
    """What make would run, asked as from a shell: not with the arguments of the make that runs this test."""
    ours = {"MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "COMPARE", "CUDA", "OTHER_KERNEL", "ARGS"}
    return subprocess.run(["make", "--dry-run", *arguments], cwd=book.ROOT, capture_output=True, text=True,
                          env={name: value for name, value in os.environ.items() if name not in ours}).stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="Windows has no make")
def test_cupy_is_installed_for_the_check_only_where_it_is_asked_for():
    def asked(*options): return would_run("--always-make", "test", *options)
    assert ".[cuda-check]" in asked("CUDA=1") and "cuda-check" not in asked() + asked("COMPARE=1", "CUDA=0")


@pytest.mark.skipif(not hasattr(os, "getuid") or shutil.which("make") is None, reason="Windows has no make")
def test_make_lab_works_as_root_and_takes_arguments():
    line = next(line for line in would_run("lab", "ARGS=--port=9999").splitlines() if "jupyter lab" in line)
    assert "--port=9999" in line and ("--allow-root" in line) == (os.getuid() == 0)


def words_of(path):
    return "\n".join("".join(cell["source"]) for cell in book.read(path)["cells"])


def test_a_readers_copies_show_no_markup_of_the_site(tmp_path):
    root, copies = sample_book.make(tmp_path / "book"), tmp_path / "lab"
    assert lab.write(root, copies) == []
    one, two = copies / "01 First part" / "01 One chapter.ipynb", copies / "01 First part" / "02 Two.ipynb"
    found = re.sub(r"```python.*?```", "", words_of(one), flags=re.DOTALL)
    assert not re.search(r"\{[#.]|^:::|^#\||(?<!`)@(sec|eq|fig)-|hidden_cell", found, re.MULTILINE)
    assert ("[Two: what is `in` it?](02%20Two.ipynb#Two:" in found
            and "[An inner section](#An-inner-section)" in found)
    assert "[link](02%20Two.ipynb)" in found and "<details><summary>Solution</summary>" in found
    assert "[the figure](01%20One%20chapter.ipynb)" in words_of(two)
    folded = [cell for cell in book.read(one)["cells"]
              if cell["metadata"].get("jupyter", {}).get("source_hidden")]
    assert (len(folded) == 5 and "# Solution 1: a cube" in "".join(folded[3]["source"])
            and "plt.plot" in "".join(folded[4]["source"]))


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
    assert ("mine = 1" in words_of(one) and "a new end" not in words_of(one)
            and words_of(two).endswith("a new end"))
    lab.write(root, copies)
    assert "mine = 1" in words_of(one)


def test_a_readers_copies_may_show_their_pictures_at_once(tmp_path):
    """Until somebody else has changed one."""
    root, copies = sample_book.make(tmp_path / "book"), tmp_path / "lab"
    lab.write(root, copies)
    one, two = copies / "01 First part" / "01 One chapter.ipynb", copies / "01 First part" / "02 Two.ipynb"
    changed = book.read(one)
    changed["cells"][-1]["source"] = ["x = 1"]
    book.write(one, changed)
    notary = NotebookNotary(data_dir=str(tmp_path))
    lab.sign(copies, notary)
    signed = [notary.check_signature(nbformat.read(path, as_version=4)) for path in (one, two)]
    assert signed == [False, True]


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
    "none inside: \"the \"best\"": ["# T", ("code", '#| code-fold: true\n#| code-summary: "the "best""\n1')],
    "none inside: the best: one": ["# T", ("code", "#| label: fig-x\n#| fig-cap: the best: one\n1")],
    "the site counts": ["# T", ("code", '#| code-fold: true\n#| code-summary: "checks: 9 lines"\n1')],
    "exported lines": ["# T", ("code", "#| export\n" + "x = 1\n" * 41)],
    "at most 120": ["# T", ("code", "#| export\n#| code-fold: true\n" + "x = 1\n" * 121)],
    "at most 3 without a word": ["# T"] + [("code", "1")] * 4,
    "at most 40": ["# T"] + [("code", "1")] * 41,
    "the path of one machine": ["# T", ("code", "open('/home/me/data')")],
    "not in the book": ["# T\n\n[there](../LICENSE)"],
    "plt of Matplotlib": ["# T", ("code", "import matplotlib.pyplot as plt")],
}


@pytest.mark.parametrize("problem", BAD)
def test_lint_finds(problem, tmp_path):
    sample_book.write_notebook(tmp_path / "bad.ipynb", BAD[problem])
    assert problem in "\n".join(lint.notebook(book.read(tmp_path / "bad.ipynb"), set()))


@pytest.mark.parametrize("data, problem", [({"image/png": "x"}, "in pixels"),
                                           ({"image/svg+xml": ["x" * 150_001]}, "a plot of more than")])
def test_lint_finds_a_plot_that_no_page_should_have(data, problem):
    cell = {"cell_type": "code", "source": [], "outputs": [{"output_type": "display_data", "data": data}]}
    assert problem in "\n".join(lint.outputs(cell))


def test_the_files_stand_in_the_books_order():
    """A listing of nbs/ is the table of contents: two digits, and a letter without a gap. A title has its
    topic first."""
    numbered = [path for path in book.chapters() if re.match(r"nbs/\d", path)]
    assert numbered == sorted(numbered)
    for _, group in itertools.groupby(numbered, lambda path: path[4:6]):
        letters = [path[6] for path in group]
        assert letters == ["_", *"abcdefghijklmnopqrstuvwxyz"[:len(letters) - 1]]
    topics = [readme.title(book.read(book.ROOT / path)).split(": ") for path in numbered]
    assert all(len(title) == 2 for title in topics) and len({topic for topic, _ in topics}) == len(topics)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_quarto_has_the_books_colours(theme):
    """The colours of light.scss and dark.scss are those of book.css."""
    styles = (book.ROOT / "assets/book.css").read_text()
    own = re.findall(r"--edu-(\w+): (#\w+);",
                     styles[styles.index(":root"):styles.index("/* The theme's own")])
    half = len(own) // 2
    colours = dict(own[:half] if theme == "light" else own[half:])
    found = re.findall(r"\$edu-(\w+): (#\w+);", (book.ROOT / f"assets/{theme}.scss").read_text())
    handed_on = re.findall(r": \$edu-(\w+);", (book.ROOT / "assets/theme.scss").read_text())
    assert found and dict(found).items() <= colours.items() and {name for name, _ in found} == {*handed_on}
