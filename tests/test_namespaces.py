"""The namespaces of layers, optimizers and data beside PyTorch's: each name is there, or a line here says
why not; and arguments have PyTorch's names, order and defaults."""
import importlib
import inspect

import pytest

from edunets.errors import pytorch_names

torch = pytest.importorskip("torch")

PLACES = ["nn", "nn.functional", "nn.init", "nn.utils", "nn.utils.rnn", "nn.utils.parametrize",
          "nn.utils.parametrizations", "optim", "optim.lr_scheduler", "optim.swa_utils", "utils.data"]
LACKS = {      # reason: {place: names}
    "what PyTorch's file imported, or needs for itself": {"nn": "common_types factory_kwargs",
                                                          "nn.init": "torch",
                                                          "nn.utils": "init",
                                                          "optim.lr_scheduler": "EPOCH_DEPRECATION_WARNING "
                                                                                "Optimizer "
                                                                                "TYPE_CHECKING Tensor inf",
        "nn.functional": "BroadcastingList1 BroadcastingList2 BroadcastingList3 "
                         "GRID_SAMPLE_INTERPOLATION_MODES GRID_SAMPLE_PADDING_MODES TYPE_CHECKING Tensor "
                         "assert_int_or_pair boolean_dispatch grad handle_torch_function has_torch_function "
                         "has_torch_function_unary has_torch_function_variadic reproducibility_notes "
                         "sparse_support_notes tf32_notes torch"},
    "old, and said to be so": {"nn": "Container CrossMapLRN2d", "nn.utils": "stateless"},
    "several devices or processes": {"nn": "parallel"},
    "quantization, sparse tensors, formats of accelerators": {"nn": "intrinsic qat quantizable quantized",
                                                              "optim": "SparseAdam",
                                                              "nn.utils": "convert_conv2d_weight_memory_format convert_conv3d_weight_memory_format memory_format",
        "nn.functional": "ScalingType SwizzleType grouped_mm native_channel_shuffle "
                         "scaled_grouped_mm scaled_mm"},
    "new, and may change": {"nn": "LinearCrossEntropyLoss LinearCrossEntropyOptions",
                            "nn.functional": "linear_cross_entropy",
                            "optim": "swap_in_optimizer_params_and_state"},
    "the gradients of convolutions as functions: autograd.grad has them": {"nn": "grad"},
    "an exercise of the page on normalization": {"nn.utils": "fuse_conv_bn_eval fuse_conv_bn_weights "
                                                             "fuse_linear_bn_eval "
                                                             "fuse_linear_bn_weights fusion"},
    "pipes, which PyTorch gave up": {"utils.data": "DFIterDataPipe DataChunk IterDataPipe MapDataPipe "
                                                   "argument_validation datapipes functional_datapipe graph "
                                                   "graph_settings guaranteed_datapipes_determinism "
                                                   "non_deterministic runtime_validation "
                                                   "runtime_validation_disabled"},
}
OTHER_ARGUMENTS = {      # name: the reason
    "nn.Sequential.extend": "one method serves ModuleList and Sequential, and PyTorch calls its argument "
                            "otherwise in one of them",
    "utils.data.DataLoader": "`pin_memory_device` is deprecated",
}
OF_DEVICES = {"capturable", "differentiable", "foreach", "fused"}      # taken by `**switches`


def place_of(library, place): return importlib.import_module(f"{library}.{place}")


@pytest.mark.parametrize("place", sorted({place for places in LACKS.values() for place in places}))
def test_each_name_is_there_or_a_line_says_why_not(place):
    lacks = {name for name in pytorch_names()[place] if not hasattr(place_of("edunets", place), name)}
    assert lacks == {name for places in LACKS.values() for name in places.get(place, "").split()}


def arguments(called):
    """Name, whether it may be given by place, and default of each argument; None where Python cannot know."""
    try:
        found = list(
            inspect.signature(called.__init__ if inspect.isclass(called) else called).parameters.values())
    except (TypeError, ValueError): return None
    return [(p.name, p.kind, p.default) for p in found if p.name != "self"]


def different(ours, theirs):
    """What differs in the arguments of two functions, in words."""
    mine, them = arguments(ours), arguments(theirs)
    varied = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    if mine is None or them is None or any(kind in varied for _, kind, _ in them): return None
    switched = any(kind is inspect.Parameter.VAR_KEYWORD for _, kind, _ in mine)
    def by_place(found):
        return [name for name, kind, _ in found if kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
                and not (switched and name in OF_DEVICES | {"maximize"})]
    if by_place(mine) != by_place(them): return f"{by_place(mine)} for {by_place(them)}"
    defaults = {name: default for name, _, default in mine}
    for name, _, default in them:
        if name not in defaults:
            if not (switched and name in OF_DEVICES | {"maximize"}): return f"no {name}"
        elif isinstance(default, (bool, int, float, str, tuple, type(None))) and defaults[name] != default:
            return f"{name}={defaults[name]} for {default}"
        elif (default is inspect.Parameter.empty) != (defaults[name] is inspect.Parameter.empty):
            return f"{name} has a default in one of them"
    return None


def pairs(place):
    """Name, ours and PyTorch's: of what both have in a place, and of the methods of their classes."""
    for name, theirs in vars(place_of("torch", place)).items():
        ours = getattr(place_of("edunets", place), name, None)
        if (name.startswith("_") or ours is None
            or not str(getattr(theirs, "__module__", "")).startswith("torch")):
            continue
        if not inspect.isclass(theirs) or not inspect.isclass(ours):
            if callable(theirs): yield name, ours, theirs
            continue
        if issubclass(theirs, torch.Tensor): continue      # tests/test_names.py walks these
        if ours.__name__ == name: yield name, ours, theirs      # else a base, under PyTorch's name for it
        for method in vars(theirs):
            if (not method.startswith("_") and inspect.isfunction(vars(theirs)[method])
                and hasattr(ours, method)):
                yield f"{name}.{method}", getattr(ours, method), getattr(theirs, method)


@pytest.mark.parametrize("place", PLACES)
def test_arguments_are_pytorchs(place):
    found = {f"{place}.{name}": said
             for name, ours, theirs in pairs(place) if (said := different(ours, theirs))}
    assert found.keys() == {name for name in OTHER_ARGUMENTS if name.rpartition(".")[0] == place
                            or name.startswith(
                                    f"{place}.{name.removeprefix(place + '.').partition('.')[0]}.")}, found
