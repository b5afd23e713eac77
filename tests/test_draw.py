"""Pictures: well-formed, complete, and true to strides and tape."""
import re
import xml.etree.ElementTree as xml

import numpy as np
import pytest

import edunets as en
from edunets import draw
from edunets.draw.memory import short_number

SVG = "{http://www.w3.org/2000/svg}"


def arange(*shape):
    return en.arange(int(np.prod(shape))).reshape(*shape)


def parts(picture, kind):
    """The elements of a picture that have a class."""
    return [e for e in xml.fromstring(picture.svg()).iter() if kind in e.get("class", "").split()]


def words(picture):
    return [e.text for e in xml.fromstring(picture.svg()).iter(SVG + "text")]


def colours(picture, kind):
    return [e.get("fill") for e in parts(picture, kind)]


def labels(picture):
    return [int(e.text) for e in parts(picture, "label")]


def chain(length):
    x = en.ones(3, requires_grad=True)
    y = x
    for _ in range(length):
        y = y.sin()
    return x, y


TENSORS = {
    "1-d": lambda: arange(5),
    "2-d": lambda: arange(3, 4),
    "3-d": lambda: arange(2, 2, 3),
    "4-d": lambda: arange(2, 1, 2, 3),
    "transposed": lambda: arange(3, 4).t(),
    "with steps": lambda: arange(4, 6)[1::2, ::3],
    "expanded": lambda: arange(3, 1).expand(3, 4),
    "expanded along rows": lambda: arange(4).expand(3, 4),
    "0-d": lambda: en.tensor(2.5),
    "0-d, expanded": lambda: en.tensor(2.5).expand(2, 3),
    "a view without elements": lambda: arange(12)[:0],
    "no rows": lambda: en.zeros(0, 3),
    "no columns": lambda: en.zeros(3, 0),
    "backwards": lambda: en.from_numpy(np.arange(6)[::-1]),
    "booleans": lambda: arange(4) > 1,
    "not a number": lambda: en.tensor([float("nan"), float("inf"), -1e-30]),
    "large": lambda: arange(100, 100),
    "large and deep": lambda: arange(9, 9, 9, 9).permute(3, 1, 0, 2),
    "a window": lambda: en.from_numpy(np.lib.stride_tricks.sliding_window_view(np.arange(6.0), 3)),
}


@pytest.mark.parametrize("name", TENSORS)
def test_any_tensor_can_be_drawn(name):
    t = TENSORS[name]()
    picture = draw.storage(t)
    root = xml.fromstring(picture.svg())
    assert root.tag == SVG + "svg" and root.get("role") == "img" and root[0].tag == SVG + "title"
    assert f"shape {tuple(t.shape)}" in words(picture) and f"strides {t.stride()}" in words(picture)
    steps = [n for n in t.shape if n > 1 and t.numel()]
    assert len(parts(picture, "stride")) == len(steps)
    assert sorted(labels(picture)) == sorted(step for n, step in zip(t.shape, t.stride())
                                             if n > 1 and t.numel())
    assert len(parts(picture, "stored")) <= 12


@pytest.mark.parametrize("name", ["1-d", "2-d", "3-d", "4-d", "transposed", "expanded", "expanded along rows",
                                  "0-d", "backwards", "booleans"])
def test_each_element_has_the_colour_of_its_storage_cell(name):
    t = TENSORS[name]()
    picture = draw.storage(t)
    stored, elements = parts(picture, "stored"), colours(picture, "element")
    assert len(stored) == t.storage().numel() and len(elements) == t.numel()
    first = t.payload.flat[0] if name == "backwards" else None
    begin = t.storage_offset() if first is None else int(first)
    cells = [begin + sum(i * step for i, step in zip(index, t.stride())) for index in np.ndindex(*t.shape)]
    assert elements == [stored[cell].get("fill") for cell in cells]
    assert len(set(elements)) == len(set(cells))


def test_views_share_a_strip_and_copies_do_not():
    x = arange(3, 4)
    shared = draw.storage(x, x.t(), x[1:])
    assert (len(parts(shared, "stored")) == 12
            and len(set(e.get("stroke") for e in parts(shared, "outline"))) == 3)
    apart = draw.storage(x, x.clone())
    assert len(parts(apart, "stored")) == 24 and len(set(colours(apart, "stored"))) == 24


def test_a_cell_that_nobody_looks_at_is_grey():
    picture = draw.storage(arange(3, 4)[:, 1])
    assert [colour is None for colour in colours(picture, "stored")] == [n % 4 != 1 for n in range(12)]


def test_copies_of_an_expanded_element_point_to_one_cell():
    for name, copies in [("expanded", 4),
                         ("expanded along rows", 3),
                         ("0-d, expanded", 3),
                         ("2-d", 0),
                         ("a window", 0)]:
        assert len(parts(draw.storage(TENSORS[name]()), "copy")) == copies


def points(picture):
    """All points that lines and corners of a picture are drawn through or pulled to."""
    for e in xml.fromstring(picture.svg()).iter():
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", e.get("d", "") + " " + e.get("points", ""))]
        yield from zip(numbers[::2], numbers[1::2])
        if e.tag == SVG + "rect":
            x, y, width, height = (float(e.get(name)) for name in ("x", "y", "width", "height"))
            yield from [(x, y), (x + width, y + height)]


@pytest.mark.parametrize("name", TENSORS)
def test_nothing_is_drawn_beyond_the_picture(name):
    t = TENSORS[name]()
    for picture in (draw.storage(t), draw.storage(t, t), draw.storage(arange(4), t, names=["row", "t"])):
        for x, y in points(picture): assert 0 <= x <= picture.width and 0 <= y <= picture.height


def test_the_lines_of_copies_cross_no_number_at_an_arrow():
    row = arange(4)
    picture = draw.storage(row, row.expand(3, 4), names=["row", "wide"])
    tops = [float(e.get("y")) - 10 for e in parts(picture, "label")]
    for line in parts(picture, "copy"):
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", line.get("d"))]
        slanted = numbers[-8:]      # the last piece, which leads to the cell
        assert slanted[0] != slanted[-2] and max(slanted[1::2]) < min(tops)


def test_what_is_left_out_is_marked():
    x = arange(100, 100)
    assert "…" in words(draw.storage(x)) and "memory: 10000 cells of int64" in words(draw.storage(x))
    assert {"7", "107", "207"} <= set(words(draw.storage(x[:, 7])))


def test_names_are_escaped_and_given_in_order_or_by_tensor():
    x = arange(4)
    assert {"<x> & co", "tensor 2"} <= set(words(draw.storage(x, x[1:], names={"<x> & co": x})))
    assert {"a", "b"} <= set(words(draw.storage(x, x[1:], names=["a", "b"])))
    w = en.ones(2, requires_grad=True)
    assert "</text> &amp; \"w\"" in words(draw.graph(w * w, names={"</text> &amp; \"w\"": w}))


def test_storage_refuses_kindly():
    base = np.zeros(4)
    halves = [en.from_numpy(base), en.from_numpy(base.view("f4"))]
    for wrong, kind in [(lambda: draw.storage(3), TypeError), (lambda: draw.storage(*halves), ValueError)]:
        with pytest.raises(kind) as refused:
            wrong()
        assert len(str(refused.value).splitlines()) == 3 and "test_draw.py" in str(refused.value)


def test_numbers_fit_their_cell():
    rng = np.random.default_rng(0)
    for value in (10.0 ** rng.uniform(-12, 12, 500)
                  * rng.choice([-1, 1], 500)).tolist() + [0, -0.0, 12345, -99999, 10**15]:
        assert len(short_number(value)) <= 6
        assert float(short_number(value)) == pytest.approx(value, rel=0.5)


def test_graph_has_a_card_for_each_node_and_leaf_and_all_that_was_saved():
    w, b, data = en.ones(3, 2, requires_grad=True), en.ones(2, requires_grad=True), en.ones(4, 3)
    y = ((data @ w + b).tanh() * b).sum()
    picture = draw.graph(y, names={"w": w, "b": b, "data": data})
    assert (len(parts(picture, "leaf")) == 2 and len(parts(picture, "node")) == 5
            and len(parts(picture, "result")) == 1)
    assert len(parts(picture, "edge")) == 8
    assert {"w", "b", "MmBackward0", "AddBackward0", "TanhBackward0", "MulBackward0", "SumBackward0",
            "result"} <= set(words(picture))
    saved = [e.text for e in parts(picture, "saved")]
    assert len(saved) == 4 and "saved a = data (4, 3) v0" in saved and "saved b = b (2,) v0" in saved
    assert parts(picture, "written") == []


def test_graph_shows_grad_and_what_was_freed():
    w = en.ones(3, requires_grad=True)
    y = (w * w).sum()
    assert ".grad None" in words(draw.graph(y))
    y.backward()
    assert {".grad (3,)", "saved: freed"} <= set(words(draw.graph(y)))


def test_graph_shows_a_write_in_red():
    w = en.ones(3, requires_grad=True)
    h = w * 2
    y = (h * h.exp()).sum()
    with en.no_grad():
        h.add_(1)
    written = [e.text for e in parts(draw.graph(y, names={"h": h}), "written")]
    assert written == ["saved a = h (3,) v0, now v1"]


def test_graph_of_a_function_of_ones_own():
    class Cube(en.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x ** 3

        @staticmethod
        def backward(ctx, g):
            return g * 3 * ctx.saved_tensors[0] ** 2

    w = en.ones(3, requires_grad=True)
    picture = draw.graph(Cube.apply(w), names={"w": w}, grads=True)
    assert ("saved tensors = w (3,) v0" in words(picture)
            and [e.text for e in parts(picture, "grad")] == ["grad (3,)"] * 2)


def test_graph_of_a_leaf_is_one_card():
    assert len(parts(draw.graph(en.ones(2)), "leaf")) == 1
    assert parts(draw.graph(en.ones(2)), "edge") == []


def test_gradients_at_the_edges_leave_no_trace():
    a, k = en.tensor(2.0, requires_grad=True), en.tensor(3.0, requires_grad=True)
    y = a * k
    assert sorted(e.text for e in parts(draw.graph(y, grads=True), "grad")) == ["grad 1", "grad 2", "grad 3"]
    assert a.grad is None and k.grad is None
    y.backward()
    assert a.grad.item() == 3


def test_graph_refuses_beyond_what_can_be_read():
    assert len(parts(draw.graph(chain(59)[1]), "node")) == 59
    with pytest.raises(ValueError) as refused:
        draw.graph(chain(60)[1])
    assert len(str(refused.value).splitlines()) == 3


def test_a_chain_is_straight_and_fits_a_phone():
    x, y = chain(4)
    picture = draw.graph(y, names={"x": x})
    assert picture.width <= 332
    cards = [e for e in parts(picture, "vertex")]
    assert len({float(e.get("x")) + float(e.get("width")) / 2 for e in cards}) == 1
    tops = [float(e.get("y")) for e in cards]
    assert tops == sorted(tops, reverse=True)


def test_cards_do_not_overlap():
    ws = [en.ones(2, 2, requires_grad=True) for _ in range(4)]
    y = ws[0]
    for w in ws[1:]:
        y = y @ w + (y * w).tanh()
    boxes = [[float(e.get(name)) for name in ("x", "y", "width", "height")]
             for e in parts(draw.graph(y.sum()), "vertex")]
    for n, (x, top, width, height) in enumerate(boxes):
        for a, b, c, d in boxes[:n]:
            assert x + width <= a or a + c <= x or top + height <= b or b + d <= top


def test_compare_and_save(tmp_path):
    one, two = draw.storage(arange(3)), draw.graph(chain(1)[1])
    row = draw.compare(one, two)
    assert len(xml.fromstring(row.svg()).findall(SVG + "svg")) == 2
    assert row._repr_html_().count("<svg") == 2 and row.width >= one.width + two.width
    row.save(tmp_path / "row.svg")
    assert xml.parse(tmp_path / "row.svg").getroot().get("class") == "edu-pic"
