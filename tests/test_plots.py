"""Plots in the book's style: SVG that takes the page's colours, has ids of its own, and is the same each time."""
import re
import xml.etree.ElementTree as xml

import numpy as np

from edunets.draw import plots
from edunets.draw.plots import plt, svg


def drawn(number=0, **options):
    """A plot with lines, marks, an image, text and greys, as SVG."""
    figure, (left, right) = plt.subplots(1, 2)
    for n in range(6): left.plot([0, 1, number], [n, 2, 1], "o-", label=f"line {n}", **options)
    left.axhline(1, color="k"), left.axvline(0.5, color="0.7")
    left.text(0, 0, "ink"), left.text(0, 1, "paper", color="w"), left.text(0, 2, "code", family="monospace")
    left.legend()
    right.imshow(np.arange(6).reshape(2, 3))
    right.semilogy([1, 2], [1e-3, 1e3])
    written = svg(figure)
    plt.close(figure)
    return written


def body(written):
    return written.partition("</style>")[2]


def test_a_plot_is_the_same_text_each_time():
    assert drawn() == drawn() != drawn(3)


def test_the_ids_of_two_plots_are_their_own_and_lead_somewhere():
    found = []
    for written in (drawn(), drawn(3)):
        ids = [element.get("id") for element in xml.fromstring(written).iter() if element.get("id")]
        used = re.findall(r'(?:href="|url\()#([^")]+)', written)
        assert ids and set(ids) == set(used) and len(set(ids)) == len(ids)
        found.append(set(ids))
    assert not found[0] & found[1]


def test_all_colours_follow_the_theme():
    """Every colour of the style has its pair; black is ink and white is paper on a dark page."""
    written = body(drawn())
    assert all(f"var(--plot-{name})" in written for name in ("ink", *plots.COLOURS))
    pairs = dict(re.findall(r"light-dark\((#\w+), (#\w+)\)", written))
    assert pairs["#ffffff"] == plots.PAPER[1] and "#b2b2b2" in pairs
    assert plots.on_dark(0) == plots.INK[1]
    assert re.findall(r"#[0-9a-f]{6}\b", re.sub(r"light-dark\([^)]*\)", "", written)) == []
    assert "DejaVu" not in written and "var(--plot-code)" in written


def test_marks_keep_their_opacity():
    """One style for a group of marks, but not where it would make the group transparent as a whole."""
    plain, faint = drawn(), drawn(alpha=0.5)
    assert '<g clip-path="url(#' in plain and re.search(r'<g clip-path="[^"]*" style="fill: var', plain)
    shown = [element for element in xml.fromstring(faint).iter() if element.tag.endswith("}g")]
    assert not any(re.search(r"(^|; )opacity", element.get("style", "")) for element in shown)
    assert "opacity: 0.5" in faint


def test_a_plot_is_as_wide_as_its_figure_and_shrinks_with_the_screen():
    root = xml.fromstring(drawn())
    width = round(96 * plots.RCPARAMS["figure.figsize"][0])
    assert root.get("viewBox").split()[2] == f"{0.75 * width:g}"
    assert root.get("style") == f"width:{width}px;max-width:100%;height:auto"
