"""Bad input: each kind of mistake for its class (PyTorch's) and its three lines: what, why and at which of the user's lines, what to try.

A case is a function of the package. The phrase must be in the first line of our error, and in PyTorch's message unless the case
says `ours=True`: then PyTorch has another wording, or (with a class of its own there) another class."""
import linecache
import re
import traceback

import numpy as np
import pytest

import edunets
from edunets.backends.devices import NoGPU

CASES = {}


def bad(kind, phrase, ours=False, torch_class=None):
    def add(case):
        CASES[case.__name__] = (case, kind, phrase, ours, torch_class or kind)
        return case
    return add


# Shapes

@bad(RuntimeError,
     "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1")
def shapes_that_do_not_broadcast(m):
    m.ones(2, 3) + m.ones(2, 4)


@bad(RuntimeError,
     "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0")
def vectors_that_do_not_broadcast(m):
    m.ones(2) * m.ones(3)


@bad(RuntimeError,
     "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 1")
def broadcast_in_a_comparison(m):
    m.ones(2, 3) < m.ones(2, 2)


@bad(RuntimeError, "must match", ours=True)
def broadcast_in_where(m):
    m.where(m.ones(2, 3) > 0, m.ones(2, 3), m.ones(2, 4))


@bad(RuntimeError,
     "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 0")
def broadcast_in_a_composite(m):
    m.maximum(m.ones(3), m.ones(4))


@bad(RuntimeError,
     "The size of tensor a (4) must match the size of tensor b (2) at non-singleton dimension 0")
def broadcast_in_a_subtraction(m):
    m.ones(4) - m.ones(2)


@bad(RuntimeError, "output with shape [3] doesn't match the broadcast shape [2, 3]")
def in_place_that_would_grow(m):
    x = m.ones(3)
    x += m.ones(2, 3)


@bad(RuntimeError, "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)")
def matrices_that_do_not_fit(m):
    m.ones(2, 3) @ m.ones(4, 5)


@bad(RuntimeError, "(2", ours=True)
def matrix_times_a_vector_that_does_not_fit(m):
    m.ones(2, 3) @ m.ones(4)


@bad(RuntimeError, "cannot be multiplied", ours=True)
def batches_of_matrices_that_do_not_fit(m):
    m.ones(5, 2, 3) @ m.ones(5, 4, 2)


@bad(RuntimeError, "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)")
def addmm_that_does_not_fit(m):
    m.addmm(m.ones(5), m.ones(2, 3), m.ones(4, 5))


@bad(RuntimeError, "both arguments to matmul need to be at least 1D, but they are 0D and 2D")
def matmul_with_a_number(m):
    m.tensor(2.0) @ m.ones(2, 2)


@bad(RuntimeError, "shape '[4, 2]' is invalid for input of size 6")
def reshape_to_another_count(m):
    m.ones(2, 3).reshape(4, 2)


@bad(RuntimeError, "shape '[4, -1]' is invalid for input of size 6")
def reshape_that_cannot_be_worked_out(m):
    m.ones(2, 3).reshape(4, -1)


@bad(RuntimeError, "view size is not compatible with input tensor's size and stride")
def view_of_a_transposed_matrix(m):
    m.ones(2, 3).t().view(6)


@bad(RuntimeError, "The expanded size of the tensor (4) must match the existing size (3)")
def expand_of_a_full_dimension(m):
    m.ones(2, 3).expand(2, 4)


@bad(RuntimeError, "Sizes of tensors must match except in dimension 0")
def cat_of_other_heights(m):
    m.cat([m.ones(2, 3), m.ones(2, 4)])


@bad(RuntimeError, "stack expects each tensor to be equal size, but got [2] at entry 0 and [3] at entry 1")
def stack_of_other_shapes(m):
    m.stack([m.ones(2), m.ones(3)])


@bad(ValueError, "expected a non-empty list of Tensors")
def cat_of_nothing(m):
    m.cat([])


@bad(RuntimeError, "Trying to create tensor with negative dimension -1", ours=True)
def negative_size(m):
    m.zeros(2, -1)


@bad(RuntimeError, "split_with_sizes expects split_sizes to sum exactly to 6")
def sizes_that_do_not_make_the_whole(m):
    m.ones(6).split([1, 2])


# Indices and dims

@bad(IndexError, "index 3 is out of bounds for dimension 0 with size 3")
def index_out_of_range(m):
    m.ones(3)[3]


@bad(IndexError, "index 5 is out of bounds for dimension 0 with size 3")
def index_tensor_out_of_range(m):
    m.ones(3)[m.tensor([0, 5])]


@bad(IndexError, "index 4 is out of bounds for dimension 1 with size 3", ours=True)
def write_out_of_range(m):
    x = m.ones(2, 3)
    x[:, 4] = 1


@bad(IndexError, "index 3 is out of bounds for dimension 1 with size 3", torch_class=RuntimeError)
def gather_out_of_range(m):
    m.ones(2, 3).gather(1, m.tensor([[3], [0]]))


@bad(IndexError, "too many indices for tensor of dimension 2")
def too_many_indices(m):
    m.ones(2, 3)[0, 0, 0]


@bad(IndexError,
     "The shape of the mask [2] at index 0 does not match the shape of the indexed tensor [3] at index 0")
def mask_of_another_shape(m):
    m.ones(3)[m.tensor([True, False])]


@bad(IndexError,
     "The shape of the mask [2] at index 0 does not match the shape of the indexed tensor [3] at index 0")
def write_through_a_mask_of_another_shape(m):
    x = m.ones(3)
    x[m.tensor([True, False])] = 0


@bad(IndexError, "tensors used as indices must be long, int, byte or bool tensors")
def index_of_floats(m):
    m.ones(3)[m.tensor([1.0])]


@bad(IndexError, "only integers, slices", ours=True)
def index_that_is_a_float(m):
    m.ones(3)[1.5]


@bad(ValueError, "step must be greater than zero")
def slice_backwards(m):
    m.ones(3)[::-1]


@bad(IndexError, "shape mismatch: indexing tensors could not be broadcast together with shapes [2], [3]")
def index_tensors_that_do_not_broadcast(m):
    m.ones(4, 4)[[0, 1], [0, 1, 2]]


@bad(IndexError, "Dimension out of range (expected to be in range of [-2, 1], but got 2)")
def dim_out_of_range(m):
    m.ones(2, 3).sum(2)


@bad(IndexError, "Dimension out of range (expected to be in range of [-2, 1], but got -3)")
def softmax_along_a_dim_that_is_not_there(m):
    m.ones(2, 3).softmax(-3)


@bad(RuntimeError, "dim 0 appears multiple times in the list of dims")
def dim_named_twice(m):
    m.ones(2, 3).sum((0, 0))


@bad(RuntimeError, "t() expects a tensor with <= 2 dimensions, but self is 3D")
def t_of_a_box(m):
    m.ones(2, 3, 4).t()


@bad(TypeError, "len() of a 0-d tensor")
def length_of_a_number(m):
    len(m.tensor(1))


@bad(TypeError, "iteration over a 0-d tensor")
def loop_over_a_number(m):
    list(m.tensor(1))


@bad(RuntimeError, "max(): Expected reduction dim to be specified for input.numel() == 0")
def largest_of_nothing(m):
    m.zeros(0).max()


# Data and dtypes

@bad(ValueError, "expected sequence of length 2 at dim 1 (got 1)")
def ragged_list(m):
    m.tensor([[1, 2], [3]])


@bad(ValueError, "expected sequence of length 2 at dim 2 (got 3)")
def ragged_list_deep_inside(m):
    m.tensor([[[1, 2], [3, 4]], [[5, 6], [7, 8, 9]]])


@bad(TypeError, "can't convert np.ndarray of type")
def unknown_dtype_of_an_array(m):
    m.from_numpy(np.array(["a"]))


@bad(TypeError, "can't convert", ours=True, torch_class=ValueError)
def list_of_words(m):
    m.tensor(["a", "b"])


@bad(TypeError, "is not a dtype", ours=True)
def dtype_by_its_name(m):
    m.zeros(2, dtype="float32")


@bad(TypeError, "is not a dtype", ours=True)
def dtype_that_is_no_dtype(m):
    m.tensor([1], dtype=3)


@bad(TypeError, "only floating-point types are supported as the default type")
def integer_default_dtype(m):
    m.set_default_dtype(m.int64)


@bad(RuntimeError, "result type", ours=True)
def dtype_lost_in_place(m):
    x = m.tensor([1, 2])
    x += 1.5


@bad(RuntimeError, "can't be cast to the desired output type", ours=True)
def quotient_of_integers_in_place(m):
    x = m.tensor([1, 2])
    x /= 2


@bad(RuntimeError,
     "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype")
def mean_of_integers(m):
    m.tensor([1, 2]).mean()


@bad(RuntimeError, "std and var only support floating point and complex dtypes")
def std_of_integers(m):
    m.tensor([1, 2]).std()


@bad(RuntimeError, "to have the same dtype", ours=True)
def product_of_two_dtypes(m):
    m.ones(2, 2) @ m.ones(2, 2, dtype=m.float64)


@bad(RuntimeError, "Integers to negative integer powers are not allowed.")
def integer_to_a_negative_power(m):
    m.tensor([1, 2]) ** -1


@bad(TypeError, "unsupported operand", ours=True)
def sum_with_a_word(m):
    m.add(m.ones(2), "a")


@bad(TypeError, "exp(): argument 'input' (position 1) must be Tensor, not list")
def function_of_a_list(m):
    m.exp([1.0, 2.0])


@bad(RuntimeError, "a Tensor with 2 elements cannot be converted to Scalar")
def item_of_several(m):
    m.ones(2).item()


@bad(RuntimeError, "Boolean value of Tensor with more than one value is ambiguous")
def truth_of_several(m):
    if m.ones(2):
        pass


@bad(RuntimeError, "Boolean value of Tensor with no values is ambiguous")
def truth_of_nothing(m):
    not m.zeros(0)


@bad(TypeError, "only integer tensors of a single element can be converted to an index")
def place_in_a_list_by_a_float(m):
    [1, 2][m.tensor(1.0)]


@bad(TypeError, "expected np.ndarray (got list)")
def from_numpy_of_a_list(m):
    m.from_numpy([1, 2])


@bad(RuntimeError, "nowhere", ours=True)
def device_that_is_not_there(m):
    m.ones(2, device="nowhere")


@bad(NoGPU, "GPU", ours=True, torch_class=AssertionError)      # which is both
def gpu_that_is_not_there(m):
    m.ones(2, device="cuda")


@bad(RuntimeError, "random_ expects 'from' to be less than 'to', but got from=3 >= to=3")
def integers_from_an_empty_range(m):
    m.randint(3, 3, (2,))


@bad(RuntimeError, "At least one of 'min' or 'max' must not be None")
def clamp_to_nothing(m):
    m.ones(2).clamp()


# Writes

@bad(RuntimeError, "more than one element of the written-to tensor refers to a single memory location")
def write_to_an_expanded_tensor(m):
    x = m.ones(3, 1).expand(3, 4)
    x.add_(1)


@bad(RuntimeError, "a leaf Variable that requires grad is being used in an in-place operation.")
def write_to_a_leaf(m):
    x = m.ones(3, requires_grad=True)
    x += 1


@bad(RuntimeError, "a view of a leaf Variable that requires grad is being used in an in-place operation.")
def write_to_a_view_of_a_leaf(m):
    x = m.ones(3, requires_grad=True)
    x[0] = 5


@bad(RuntimeError, "Inplace update to inference tensor outside InferenceMode is not allowed.")
def write_to_an_inference_tensor(m):
    with m.inference_mode():
        x = m.ones(2)
    x.add_(1)


@bad(RuntimeError,
     "functions with out=... arguments don't support automatic differentiation, but one of the "
     "arguments requires grad.")
def out_of_something_that_requires_grad(m):
    m.exp(m.ones(2, requires_grad=True), out=m.zeros(2))


# Gradients

@bad(RuntimeError, "only Tensors of floating point and complex dtype can require gradients", ours=True)
def integers_that_require_grad(m):
    m.tensor([1, 2], requires_grad=True)


@bad(RuntimeError, "floating point", ours=True)
def integers_asked_to_require_grad(m):
    m.tensor([1, 2]).requires_grad_()


@bad(RuntimeError, "grad can be implicitly created only for scalar outputs")
def backward_on_a_vector(m):
    (m.ones(3, requires_grad=True) * 2).backward()


@bad(RuntimeError, "element 0 of tensors does not require grad and does not have a grad_fn")
def backward_without_a_graph(m):
    m.ones(3).sum().backward()


@bad(RuntimeError, "Trying to backward through the graph a second time")
def backward_twice(m):
    y = (m.ones(3, requires_grad=True) ** 2).sum()
    y.backward()
    y.backward()


@bad(RuntimeError, "Mismatch in shape: grad_output[0] has a shape of [2] and output[0] has a shape of [3].",
     ours=True)
def backward_with_a_gradient_of_another_shape(m):
    (m.ones(3, requires_grad=True) * 2).backward(m.ones(2))


@bad(RuntimeError, "One of the differentiated Tensors appears to not have been used in the graph.", ours=True)
def gradient_of_something_unused(m):
    x, y = m.ones(2, requires_grad=True), m.ones(2, requires_grad=True)
    m.autograd.grad(x.sum(), y)


@bad(RuntimeError, "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
def numpy_of_something_that_requires_grad(m):
    m.ones(2, requires_grad=True).numpy()


@bad(RuntimeError, "you can only change requires_grad flags of leaf variables.")
def flag_of_something_computed(m):
    y = m.ones(2, requires_grad=True) * 2
    y.requires_grad = False


@bad(RuntimeError, "can't retain_grad on Tensor that has requires_grad=False")
def retain_grad_of_a_constant(m):
    m.ones(2).retain_grad()


@bad(RuntimeError, "has changed the size of value")
def hook_that_changes_the_shape(m):
    x = m.ones(3, requires_grad=True)
    x.register_hook(lambda g: g[:2])
    x.sum().backward()


@bad(RuntimeError, "cannot register a hook on a tensor that doesn't require gradient")
def hook_on_a_constant(m):
    m.ones(2).register_hook(print)


@bad(RuntimeError, "Inference tensors cannot be saved for backward.")
def inference_tensor_in_a_graph(m):
    with m.inference_mode():
        x = m.ones(2)
    m.ones(2, requires_grad=True) * x


LINES = re.compile(r"(?P<what>[^\n]+)\n  Why: at test_bad_input\.py:(?P<line>\d+), in '(?P<code>.*?)': "
                   r"(?P<why>[^\n]+)\n  Try: (?P<fix>[^\n]+)")


def caught(case, m):
    with pytest.raises(Exception) as info:
        case(m)
    return info


@pytest.mark.parametrize("name", CASES)
def test_class_and_three_lines(name):
    case, kind, phrase, _, _ = CASES[name]
    info = caught(case, edunets)
    assert type(info.value) is kind
    said = LINES.fullmatch(str(info.value))
    assert said, str(info.value)
    assert phrase in said["what"]
    here = [frame for frame in traceback.extract_tb(info.tb) if frame.filename == __file__][-1]
    assert (int(said["line"]) == here.lineno
            and said["code"] == linecache.getline(__file__, here.lineno).strip())
    assert len(said["why"]) > 8 and len(said["fix"]) > 2


@pytest.mark.parametrize("name", CASES)
def test_class_and_phrase_are_pytorchs(name):
    torch = pytest.importorskip("torch")
    case, kind, phrase, ours, torch_class = CASES[name]
    info = caught(case, torch)
    assert isinstance(info.value, torch_class), repr(info.value)
    assert ours or phrase in str(info.value)


# Errors that name another line too

def test_backward_after_a_write_names_the_line_that_wrote():
    x = edunets.ones(3, requires_grad=True)
    y = x.exp()
    z = y.sum()
    y.mul_(2)                                       # the write
    with pytest.raises(RuntimeError,
                       match="one of the variables needed for gradient computation has been modified by an "
                             "inplace operation") as info:
        z.backward()
    assert re.search(r"it was written at test_bad_input\.py:\d+, in 'y\.mul_\(2\) .*# the write'",
                     str(info.value))
    assert "is at version 1; expected version 0" in str(info.value) and "ExpBackward0" in str(info.value)


def test_a_write_through_a_view_is_named_too():
    x = edunets.ones(3, requires_grad=True)
    y = x * 1
    z = (y ** 2).sum()
    y[0].zero_()                                    # through a view
    with pytest.raises(RuntimeError,
                       match=r"it was written at test_bad_input\.py:\d+, in 'y\[0\]\.zero_\(\) "
                             r".*# through a view'"):
        z.backward()


def test_in_anomaly_mode_the_line_that_saved_is_named():
    with edunets.autograd.detect_anomaly():
        x = edunets.ones(3, requires_grad=True)
        y = x.exp()                                 # the save
        z = y.sum()
        y.add_(1)
        with pytest.raises(RuntimeError,
                           match=r"It was saved at test_bad_input\.py:\d+, in 'y = x\.exp\(\) .*# the save'"):
            z.backward()


def test_nan_in_anomaly_mode():
    with edunets.autograd.detect_anomaly():
        x = edunets.tensor([-1.0], requires_grad=True)
        y = x.sqrt()                                # makes NaN
        with pytest.raises(RuntimeError,
                           match=r"Function 'SqrtBackward0' returned nan values in its 0th output\.") as info:
            y.sum().backward()
    assert re.search(r"test_bad_input\.py:\d+, in 'y = x\.sqrt\(\) .*# makes NaN'", str(info.value))
    assert "Try: " in str(info.value)


def test_nan_in_anomaly_mode_is_pytorchs():
    torch = pytest.importorskip("torch")
    said = r"Function 'SqrtBackward0' returned nan values in its 0th output\."
    with pytest.warns(UserWarning), torch.autograd.detect_anomaly(), pytest.raises(RuntimeError, match=said):
        torch.tensor([-1.0], requires_grad=True).sqrt().sum().backward()


def test_the_users_line_is_named_through_his_own_functions():
    def scaled(a, b):
        return a * b
    with pytest.raises(RuntimeError, match=r"test_bad_input\.py:\d+, in 'return a \* b'"):
        scaled(edunets.ones(2), edunets.ones(3))


def test_a_failed_op_changes_nothing():
    x = edunets.ones(2, 3)
    for wrong in (lambda: x.add_(edunets.ones(2, 4)), lambda: x.__setitem__((0, 5), 1),
                  lambda: x.mul_(edunets.ones(4, 2, 3)), lambda: x.copy_(edunets.ones(5))):
        with pytest.raises((RuntimeError, IndexError)):
            wrong()
    assert x.tolist() == [[1] * 3] * 2 and x._version == 0
