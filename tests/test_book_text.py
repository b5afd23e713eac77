"""The book's prose as a text to learn from: what is in the package, and how it is made."""
import fnmatch
import string
import tomllib

import book
import corpus
import sample_book
from edunets.datasets import load_book


def test_the_text_that_is_shipped():
    """Its size is fixed until `make corpus` makes it anew: then this is to be changed with it, and what
    was learned from it too."""
    text = load_book()
    assert (len(text), len(text.split()), len(set(text))) == (232_386, 41_756, 91)
    assert set(text) <= {*string.printable} and text.startswith("What is a tensor") and text.endswith(".\n")
    assert not any(mark in text
                   for mark in ("```", "$", "{#", "@sec-", "@fig-", ":::", "**Exercise", "](", "\n\n\n"))


def test_it_is_in_the_package():
    """Every file of the data sets that is no module is named in pyproject.toml."""
    project = tomllib.loads((book.ROOT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["edunets.datasets"]
    files = [path.name for path in (book.ROOT / "edunets" / "datasets").iterdir() if path.is_file()
             and path.suffix != ".py"]
    assert ("book.txt" in files
            and all(any(fnmatch.fnmatch(name, pattern) for pattern in patterns) for name in files))


def test_how_it_is_made(tmp_path):
    root = sample_book.make(tmp_path / "book")
    assert corpus.corpus(root) == """One chapter

See "Two: what is in it?", "An inner section", the figure and the figure.

An inner section

- a point
- @sec-one in code stays

Some prose, as long as a paragraph of a chapter. Some prose, as long as a paragraph of a chapter. Some prose, as long as a paragraph of a chapter. Some prose, as long as a paragraph of a chapter. Some prose, as long as a paragraph of a chapter. Some prose, as long as a paragraph of a chapter. Some prose, as long as a paragraph of a chapter. Some prose, as long as a paragraph of a chapter. Some prose, as long as a paragraph of a chapter. Some prose, as long as a paragraph of a chapter. Some prose, as long as a paragraph of a chapter. Some prose, as long as a paragraph of a chapter.

A title

A note with code.

Two: what is in it?

Back to "One chapter" and the figure.

A warning without a title.
"""


def test_the_whole_book_leaves_no_marks():
    text = corpus.corpus()
    assert text == corpus.corpus() and text.isascii() and 150_000 < len(text) < 900_000
    assert not any(mark in text for mark in ("```", "$", "{#", ":::", "](http", "<div"))


def test_marks():
    titles = {"sec-x": "X and Y"}
    for line, expected in (("## A `b` {#sec-x}", "A b"),
                           ("See @sec-x, (@sec-x) and **this** _one_.", 'See "X and Y", and this one.'),
                           ("`a * b` *is* `__init__` (see @sec-x; @fig-a), [so](http://x.y) `*`",
                            "a * b is __init__, so *"), ("2 * 3 and a_b_c", "2 * 3 and a_b_c")):
        assert corpus.without_marks(line, titles) == expected
    assert corpus.sentences("One. Two $ three. Four; five $.") == "One. Four;"
