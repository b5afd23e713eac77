"""Every name with numbers (0-d tensors) in place of its tensors: what PyTorch computes, edunets computes,
and refuses nothing with an error from the inside."""
import re

import pytest

import beside
import edunets as en
from test_names import CODES, unexplained

SILENT = re.compile(
        "rand|empty|dropout|multinomial|bernoulli|normal_|uniform_|exponential|geometric|cauchy|gumbel|rrelu")
# What is otherwise, by what the line says.
OTHERWISE = [
    r"topk\(0\)",      # edunets refuses no elements of a number; PyTorch gives one
    r"linalg\.vander",      # PyTorch makes a row of a number
    r"m\.normal\(x, 0., out",      # edunets gives `out` the shape of the numbers that say how to draw
]


def number(x): return x.reshape(-1)[x.numel() // 2].clone() if x.numel() else x


def compared():
    torch = pytest.importorskip("torch")
    lines = []
    for codes in CODES.values():
        for code in dict.fromkeys(codes):
            if SILENT.search(code): continue
            ours, theirs = (beside.run(code, m,
                                       {key: number(x) for key, x in beside.letters(code, m).items()})
                            for m in (en, torch))
            if not isinstance(theirs, Exception) and (said := beside.difference(ours, theirs)):
                lines.append(f"{code}: {' '.join(said.split())}")
    return lines


def test_numbers_beside_torch():
    left = [line for line in unexplained(compared())
            if not any(re.search(pattern, line) for pattern in OTHERWISE)]
    assert left == []


def test_a_value_with_leading_ones():
    """PyTorch's assignments take a value with dimensions of size 1 too many in front; its gradient has
    them too."""
    for index, shape in ((1, (1, 5)), ((0, 0), (1,)), (..., (1, 3, 5)), (slice(None), (1, 1, 5)),
                         ((slice(None), slice(None, None, 2)), (1, 3, 3)), (en.tensor([0, 2]), (1, 2, 5))):
        value, x = en.ones(shape, requires_grad=True), en.zeros(3, 5)
        x[index] = value
        (x * en.arange(15.0).reshape(3, 5)).sum().backward()
        assert value.grad.shape == shape
    with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
        en.zeros(5).copy_(en.ones(1, 5))


def test_products_where_places_meet():
    source = en.tensor([2.0, 0.0, 5.0, 0.0, 0.0, 3.0], requires_grad=True)
    result = en.tensor([1.0, 2.0, 3.0]).scatter_reduce(0, en.tensor([0, 0, 1, 2, 2, 1]), source, "prod")
    result.sum().backward()
    assert result.tolist() == [0, 30, 0] and source.grad.tolist() == [0, 2, 6, 0, 0, 10]
    assert en.ones(2).scatter(0, en.tensor([0, 1, 0]), en.tensor([2.0, 3.0, 5.0]),
                              reduce="multiply").tolist() == [10, 3]
    assert en.full((2, 2), 7.0).index_reduce(1, en.tensor([0, 0]), en.tensor([[2.0, 3.0], [4.0, 5.0]]),
                                             "prod", include_self=False).tolist() == [[6, 7], [20, 7]]
