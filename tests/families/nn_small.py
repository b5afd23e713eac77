"""Samples of the containers and the small layers."""
import numpy as np

from arrays import distinct, normal, positive

INDEX, BAG = np.array([3, 1, 1, 0, 4, 3, 1]), np.array([0, 0, 0, 2, 2, 2, 3])
# the padding has a slope that no difference quotient shows: it is compared with PyTorch's
ANY = {"padding_idx": -1, "by_freq": False}

ROWS = {
    "embedding": [((normal(5, 3), np.array([[1, 3], [1, 1]])), ANY),
                  ((normal(4, 2), np.array(2)), ANY),
                  ((normal(4, 2), np.zeros((0, 3), "int64")), ANY)],
    "embedding_bag": [((normal(5, 3), None, INDEX, BAG), {**ANY, "bags": 5, "length": 0}),
                      ((normal(5, 3), positive(7), INDEX, BAG), {**ANY, "bags": 5, "length": 0}),
                      ((normal(5, 2), positive(6), INDEX[:6], np.array([0, 0, 1, 1, 2, 2])),
                       {**ANY, "bags": 3, "length": 2}),
                      ((normal(5, 2), None, INDEX[:6], np.array([0, 0, 0, 1, 1, 1])),
                       {**ANY, "bags": 2, "length": 3})],
    "embedding_bag_max": [((distinct(5, 3), INDEX, BAG), {"bags": 5, "length": 0, "padding_idx": -1}),
                          ((distinct(5, 3), INDEX, BAG), {"bags": 5, "length": 0, "padding_idx": 1}),
                          ((distinct(5, 2), INDEX[:6], np.array([0, 0, 1, 1, 2, 2])),
                           {"bags": 3, "length": 2, "padding_idx": -1}),
                          ((distinct(5, 2), INDEX[:6], np.array([0, 0, 0, 1, 1, 1])),
                           {"bags": 2, "length": 3, "padding_idx": 3})],
}

T, N = "m.arange(20.).reshape(5, 4).sin()", "m.nn.functional"
EMBEDDING = ["g",
             "g[0]",
             "k",
             "m.tensor([[0, 4], [4, 4]])",
             "m.zeros(2, 0, dtype=m.int64)",
             "m.tensor([5])",
             "m.tensor([-1])",
             "g.int()",
             "u",
             "b",
             "x",
             "[1, 2]"]
# with indices but no offsets PyTorch reads memory that is not its own
BAGS = ["g",
        "g[:, :1]",
        "m.tensor([0, 1, 1, 4, 4]), {w}, m.tensor([0, 2])",
        "m.tensor([0, 1, 1, 4, 4]), {w}, m.tensor([0, 2, 2, 5])",
        "m.tensor([4, 1]), {w}, m.tensor([0])",
        "m.tensor([0, 1, 1, 4, 4]), {w}, m.tensor([0, 2, 5]), include_last_offset=True",
        "m.zeros(0, dtype=m.int64), {w}, m.tensor([0, 0])"]
GRADS = "x.requires_grad_(); y.requires_grad_(); ((x * y).sum() * 3 + (x ** 2 * 5).sum()).backward()"
def bagged(more):
    return [f"{N}.embedding_bag({bag.format(w=T)}{'' if '{w}' in bag else ', ' + T}{more})" for bag in BAGS]


NAMES = {
    "nn.functional.embedding": [f"{N}.embedding({i}, {T})" for i in EMBEDDING]
    + [f"{N}.embedding({a})"
       for a in (f"g, {T}, 1", f"g, {T}, padding_idx=-3", f"g, {T}, padding_idx=5", f"g, {T}, padding_idx=-6",
                 f"g, {T}, scale_grad_by_freq=True", f"g, {T}, 2, scale_grad_by_freq=True",
                 f"g, {T}, max_norm=1.", f"g, {T}, max_norm=1.5, norm_type=1",
                 f"g, {T}, max_norm=0.5, norm_type=math.inf", f"g, {T}, None, 1., 3., True", "g, v", "g, c",
                 "g, m.arange(12).reshape(4, 3)", "g, m.ones(3, 0)",
                 "g, m.arange(20.).double().reshape(5, 4)")] +
                               [f"w = {T}; {N}.embedding(m.tensor([1, 3, 3]), w, max_norm=0.7); w",
                                f"w = {T}; {N}.embedding(m.tensor([1, 3, 3]), w, "
                                "max_norm=0.7); w._version > 0"],
    "nn.functional.embedding_bag": [call
                                    for more in ("", ", mode='sum'", ", mode='max'", ", padding_idx=1",
                                                 ", padding_idx=-1, mode='sum'",
                                                 ", padding_idx=1, mode='max'", ", scale_grad_by_freq=True",
                                                 ", scale_grad_by_freq=True, mode='sum', padding_idx=4",
                                                 ", max_norm=1.") for call in bagged(more)] +
                                   [f"{N}.embedding_bag({a})"
                                    for a in (f"g, {T}, mode='sum', per_sample_weights=x",
                                              f"m.tensor([0, 1, 1, 4, 4, 2]), {T}, m.tensor([0, 2, 2]), "
                                              "mode='sum', per_sample_weights=v",
                                              f"m.tensor([0, 1, 1, 4, 4, 2]), {T}, m.tensor([0, 2]), "
                                              "mode='sum', per_sample_weights=v, padding_idx=1, "
                                              "scale_grad_by_freq=True", f"g, {T}, per_sample_weights=x",
                                              f"g, {T}, mode='sum', per_sample_weights=v",
                                              f"g, {T}, mode='sum', per_sample_weights=x.double()",
                                    f"g, {T}, mode='other'", f"g, {T}, m.tensor([0])", f"g[0], {T}",
                                              f"g[0], {T}, g", f"g[0], {T}, m.tensor([1, 2])",
                                              f"g[0], {T}, m.tensor([0, 4])", f"k, {T}", f"g[None], {T}",
                                              "g, v", "g, c", "g, m.arange(12).reshape(4, 3)",
                                              f"g, {T}, mode='max', scale_grad_by_freq=True",
                                              f"g, {T}, mode='max', sparse=True", f"g, {T}, padding_idx=5",
                                              f"g, {T}, padding_idx=-6", f"g + 3, {T}", f"g - 1, {T}",
                                              f"x, {T}", f"g.int(), {T}", f"u, {T}, m.tensor([0])",
                                              f"g[0], {T}, m.zeros(0, dtype=m.int64), "
                                              "include_last_offset=True",
                                    "g, m.arange(20.).double().reshape(5, 4)",
                                              f"g[0], {T}, m.tensor([0, 3, 3]), mode='max', "
                                              "include_last_offset=True",
                                              f"m.tensor([[1, 1], [4, 4]]), {T}, mode='max', padding_idx=1",
                                              f"g, m.ones(3, 2), mode='max'",
                                              f"g[0], m.zeros(3, 2), m.tensor([0, 1]), mode='max'",
                                              f"g, {T}, max_norm=0.9, norm_type=1, mode='max'")],
    "nn.functional.one_hot": [f"{N}.one_hot({a})"
                              for a in ("g", "g, 3", "g, num_classes=5", "g, 2", "k",
                                        "m.zeros(0, dtype=m.int64)", "m.zeros(0, dtype=m.int64), 3",
                                        "m.zeros(0, dtype=m.int64), 0", "i", "j", "x", "g, 0", "g, -2",
                                        "g * 0", "[1]")],
    "nn.functional.bilinear": [f"{N}.bilinear({a})"
                               for a in ("x, c[0, :2], m.arange(24.).reshape(2, 3, 4)",
                                         "x, c[0, :2], m.arange(24.).reshape(2, 3, 4), v[:2]",
                                         "x[0], c[0, 0], m.arange(24.).reshape(2, 3, 4)",
                                         "c, c, m.arange(16.).reshape(1, 4, 4)", "x, y, m.ones(1, 4, 3)",
                                         "x, y.double(), m.ones(1, 3, 3)", "x, y, m.ones(0, 3, 3)")],
    "nn.functional.cosine_similarity": [f"{N}.cosine_similarity({a})"
                                        for a in ("x, y", "x, y, 0", "x, y, dim=-1, eps=1", "x, y[0]",
                                                  "c, c[:1], 2", "x, y.double()", "v, v, 0", "x * 0, y",
                                                  "i, i, 0")],
    "nn.functional.pdist": [f"{N}.pdist({a})" for a in ("x", "c[0], 1", "c[0], p=3.", "v")],
    "nn.functional.pairwise_distance": [f"{N}.pairwise_distance({a})"
                                        for a in ("x, y", "x, y, 1", "x, y, p=math.inf, eps=0.",
                                                  "x, y, keepdim=True", "x, y[0]", "c, c * 2", "v, v",
                                                  "x, y, 3., 1e-2", "x, x", "x, y.double()")],
    "nn.utils.get_total_norm": [f"m.nn.utils.get_total_norm({a})"
                                for a in ("[x, y]", "x", "(c, v, s)", "[x, y], 1", "[x, y], math.inf",
                                          "[x, y], 'inf'", "[x, y], 3.", "[x, y], 0.5", "[x, y], 0",
                                          "[x, y], -math.inf", "[]", "iter([x, y])", "[x, d]", "[h]", "[n]",
                                          "[n[:2]], error_if_nonfinite=True", "[n], error_if_nonfinite=True",
                                          "[x], 2., True, True", "[x, y], foreach=False", "[e]", "[s]", "3")],
    "nn.utils.clip_grad_norm_": [f"{GRADS}; m.nn.utils.clip_grad_norm_({a})"
                                 for a in ("[x, y], 1.", "x, 0.5", "[x, y], 100", "iter([x, y]), 1",
                                           "[x, y], 1., 1", "[x, y], 1., norm_type='inf'", "[x, y], 0",
                                           "[v], 1.", "[], 1.", "[x, v, y], 1.", "[x, y], '2'",
                                           "[x, y], max_norm=1., foreach=True", "(p for p in []), 1.",
                                           "[x, y], 1., error_if_nonfinite=True")] +
                                [f"{GRADS}; m.nn.utils.clip_grad_norm_({a}); [x.grad, y.grad]"
                                 for a in ("[x, y], 1.", "x, 0.5", "[x, y], 100", "(p for p in (x, y)), 1",
                                           "[x, y], 1., 1", "[x, y], 1., math.inf", "[x, y], 0",
                                           "[x, v, y], 0.01, 3")] +
                                [f"{GRADS}; x.grad[0, 0] = math.nan; m.nn.utils.clip_grad_norm_([x, y], "
                                 "1.); [x.grad, y.grad]",
                                 f"{GRADS}; x.grad[0, 0] = math.nan; m.nn.utils.clip_grad_norm_([x, y], 1., "
                                 "error_if_nonfinite=True)",
                                 f"{GRADS}; x.grad[0, 0] = math.inf; m.nn.utils.clip_grad_norm_([x, y], "
                                 "1.); [x.grad, y.grad]",
                                 "m.nn.utils.clip_grad_norm_(3, 1.)"],
    "nn.utils.clip_grads_with_norm_": [f"{GRADS}; m.nn.utils.clip_grads_with_norm_({a}); [x.grad, y.grad]"
                                       for a in ("[x, y], 1., m.tensor(2.)", "[x, y], 3., m.tensor(2.)",
                                                 "x, 1., m.tensor(4.)", "[v], 1., m.tensor(2.)",
                                                 "[], 1., m.tensor(2.)", "[x, y], 1., m.tensor(0.)",
                                                 "[x, y], 1., m.tensor(math.inf)",
                                                 "[x, y], 1., m.tensor(2.), foreach=False")],
    "nn.utils.clip_grad_norm": [f"{GRADS}; m.nn.utils.clip_grad_norm({a})"
                                for a in ("[x, y], 1.", "x, 0.5", "[x, y], 1., 1",
                                          "[x, y], max_norm=1., norm_type='inf'", "[x, y], '2'")],
    "nn.utils.skip_init": [f"m.nn.utils.skip_init({a}).weight.shape"
                           for a in ("m.nn.Linear, 3, 2", "m.nn.Conv2d, 3, 2, kernel_size=3",
                                     "m.nn.Linear, 3, 2, device='cpu'", "m.nn.ReLU", "dict")],
    "nn.utils.clip_grad_value_": [f"{GRADS}; m.nn.utils.clip_grad_value_({a}); [x.grad, y.grad]"
                                  for a in ("[x, y], 0.5", "x, 1", "iter([x, y]), 0.1", "[x, y], '0.5'",
                                            "[x, y], 0", "[v, x], 0.5",
                                            "[x, y], clip_value=0.5, foreach=False")]
    + ["m.nn.utils.clip_grad_value_(3, 1.)"],
    "nn.utils.parameters_to_vector": [f"m.nn.utils.parameters_to_vector({a})"
                                      for a in ("[x, y]", "[s, v, c]", "(p for p in (x, v))", "[x, d]",
                                                "[e, x]", "[]", "3")],
    "nn.utils.vector_to_parameters": [f"m.nn.utils.vector_to_parameters({a}); [x, y, s]"
                                      for a in ("m.arange(12.), [x, y]", "m.arange(20.), [x]",
                                                "m.arange(7.), (p for p in (s, x))", "v, [x]", "v, [x, y]",
                                                "[1., 2.], [x]", "v[:1], [s]")],
    "nn.utils.rnn.pad_sequence": [f"m.nn.utils.rnn.pad_sequence({a})"
                                  for a in ("[v, d.float(), p]", "[v, d.float(), p], True",
                                            "[v, d.float(), p], batch_first=True, padding_value=-1.",
                                            "[v, d.float(), p], padding_side='left'",
                                            "[v, p], True, 2.5, 'left'", "[x, c[0, :, :3]]",
                                            "[x, c[0, :, :3]], True", "[x, c[0]]", "[v]", "(v, v)",
                                            "iter([v, p])", "x", "[]", "[e, v]", "[e, e]", "[i, g[0]]",
                                            "[i, g[0]], True, 7", "[v, d]", "[d, v]", "[i, v]", "[s, s]",
                                            "[v, p], padding_side='up'", "3", "[1, 2]", "[c, c[:1]]",
                                            "[z, z]", "[b, q[0]]")],
    "nn.utils.rnn.unpad_sequence": [f"m.nn.utils.rnn.unpad_sequence({a})"
                                    for a in ("x, m.tensor([1, 2, 2])", "x, m.tensor([2, 3]), True",
                                              "c, m.tensor([3, 1]), batch_first=True",
                                              "c.clone(), m.tensor([2, 1, 0])",
                                              "x, m.tensor([1, 2]), batch_first=True", "x, m.tensor([1, 2])",
                                              "x, m.tensor([9, 0]), True", "x, m.tensor([-1, 1]), True",
                                              "g, m.tensor([1, 1]), True")],
}

DIFFERENCES = [(r"cosine_similarity\(x, y, dim=-1, eps=1\): gradient",
                "PyTorch's gradient flows through the length that eps has replaced; edunets gives the slope "
                "of what is computed.")]

L = "m.nn.Linear"
ODICT = "__import__('collections').OrderedDict"

MODULES = {
    "ModuleList": [f"m.nn.ModuleList([{L}(4, 3) for _ in range(3)]) | {use}"
                   for use in ("f[1](r(5, 4))", "f[-1](r(2, 4))", "f[1:]", "f[::2]", "f[3]", "f['0']",
                               "len(f)", "sum(layer(r(2, 4)) for layer in f)",
                               "[name for name, _ in f.named_parameters()]", "f(r(5, 4))")] +
                  [f"m.nn.ModuleList() | repr(f)",
                   f"m.nn.ModuleList([{L}(4, 4), {L}(4, 4), {L}(4, 2), m.nn.Sequential({L}(2, 2)), "
                   f"m.nn.Sequential({L}(2, 2))]) | f[0](r(2, 4))",
                   f"m.nn.ModuleList({L}(4, 3)) | f",
                   "m.nn.ModuleList([3]) | f",
                   "m.nn.ModuleList(3) | f",
                   f"m.nn.ModuleList([{L}(2, 2), None]) | repr(f)",
                   f"m.nn.ModuleList({L}(2, n) for n in (1, 2)) | f[1](r(3, 2))",
                   f"m.nn.ModuleList(modules=[{L}(2, 2)]) | len(f)",
                   f"m.nn.ModuleList([m.nn.ModuleList([{L}(2, 2)] * 2)] * 2) | f[0][1](r(3, 2))"],
    "ModuleDict": [f"m.nn.ModuleDict({{'b': {L}(4, 3), 'a': {L}(4, 2)}}) | {use}"
                   for use in ("f['a'](r(5, 4))", "list(f)", "list(f.keys())", "len(f)", "'a' in f",
                               "'c' in f", "f['c']", "[name for name, layer in f.items()]",
                               "[layer(r(2, 4)) for layer in f.values()]", "f.b(r(2, 4))", "f(r(5, 4))",
                               "f.pop('b'); f", "f.pop('c')", "f.clear(); f")] +
                  [f"m.nn.ModuleDict([('x', {L}(4, 3)), ['y', {L}(3, 4)]]) | f['y'](f['x'](r(5, 4)))",
                   "m.nn.ModuleDict() | repr(f)",
                   "m.nn.ModuleDict(3) | f",
                   "m.nn.ModuleDict([3]) | f",
                   "m.nn.ModuleDict([(1, 2, 3)]) | f",
                   "m.nn.ModuleDict({'a': 3}) | f",
                   f"m.nn.ModuleDict({{'a.b': {L}(2, 2)}}) | f",
                   f"m.nn.ModuleDict({{3: {L}(2, 2)}}) | f",
                   f"m.nn.ModuleDict({{'train': {L}(2, 2)}}) | f",
                   "m.nn.ModuleDict({'a': None}) | repr(f)",
                   f"m.nn.ModuleDict({ODICT}(z={L}(2, 2), y={L}(2, 1))) | list(f)",
                   f"m.nn.ModuleDict(m.nn.ModuleDict({{'q': {L}(2, 2)}})) | f['q'](r(1, 2))"],
    "ParameterList": ["m.nn.ParameterList([m.ones(2, 3), m.nn.Parameter(m.ones(3)), 7, 'text', "
                      f"m.ones(())]) | {use}"
                      for use in ("f[0] @ f[1] + r(2)", "f[-3]", "f[2]", "f[5]", "f[1:3]", "f[::-1]",
                                  "len(f)", "[type(p).__name__ for p in f]", "f(r(2))", "f[0] = 3; f",
                                  "f[2] = m.zeros(4); f", "f.append(m.zeros(1)).extend([1, m.ones(2, 2)]); f",
                                  "f.extend(m.ones(2))", "f.extend(3)", "f += [m.ones(1)]; len(f)", "f['0']",
                                  "[name for name, _ in f.named_parameters()]", "'0' in dir(f)")] +
                     ["m.nn.ParameterList() | repr(f)",
                      "m.nn.ParameterList(3) | f",
                      "m.nn.ParameterList(values=(m.ones(2) for _ in range(2))) | f[0] * r(2)",
                      "m.nn.ParameterList([m.ones(2, dtype=m.float64)]) | f[0] * 2",
                      "m.nn.ParameterList([m.arange(3)]) | f"],
    "ParameterDict": [f"m.nn.ParameterDict({{'b': m.ones(2, 3), 'a': m.nn.Parameter(m.ones(3)), "
                      f"'n': 7}}) | {use}"
                      for use in ("f['b'] @ f['a'] + r(2)", "f.b.sum()", "list(f)", "list(reversed(f))",
                                  "list(f.keys())", "[type(p).__name__ for p in f.values()]",
                                  "[key for key, _ in f.items()]", "f['c']", "f[3]", "len(f)", "'a' in f",
                                  "'c' in f", "f.get('a')", "f.get('c', 5)", "f.get('c')", "f(r(2))",
                                  "f.pop('a')", "f.pop('c')", "f.popitem()",
                                  "f.popitem(); list(f.state_dict())",
                                  "f.clear(); len(f)", "f.setdefault('a', 3)",
                                  "f.setdefault('c', m.ones(2)); list(f.state_dict())", "f.setdefault('d')",
                                  "del f['a']; list(f.state_dict())", "del f['c']", "f['keys'] = m.ones(1)",
                                  "f['a'] = 3", "f['n'] = m.ones(4); list(f.state_dict())",
                                  "f[1] = m.ones(1)",
                                  "f.update({'z': m.ones(1), 'y': m.ones(1)}); list(f)",
                                  "f.update([('z', 1), ('y', 2)]); list(f)",
                                  "f.update(m.nn.ParameterDict([('z', 1), ('y', 2)])); list(f)",
                                  f"f.update({ODICT}(z=1, y=2)); list(f)", "f.update(3)", "f.update([3])",
                                  "f.update([(1, 2, 3)])", "list(f.copy())", "f.copy() is f",
                                  "list(f.fromkeys(['q', 'p'], 2).items())",
                                  "(f | m.nn.ParameterDict({'a': m.zeros(5), 'q': 1}))['a'].shape[0]",
                                  "list(m.nn.ParameterDict({'q': 1}) | f)",
                                  "f |= m.nn.ParameterDict({'q': m.zeros(2)}); list(f.state_dict())")] +
                     ["m.nn.ParameterDict() | repr(f)",
                      "m.nn.ParameterDict() | f.popitem()",
                      "m.nn.ParameterDict({'n': 1}) | repr(f)",
                      "m.nn.ParameterDict({'n': None, 'k': 'text'}) | repr(f)",
                      "m.nn.ParameterDict(3) | f",
                      "m.nn.ParameterDict([('q', m.ones(2)), ('p', m.ones(1))]) | f['q'] * f['p']"],
    "Embedding": [f"m.nn.Embedding({options}) | f({use})" for options in (
        "5, 3", "5, 3, padding_idx=1", "5, 3, -1", "5, 3, 0", "5, 3, max_norm=1.",
        "5, 3, max_norm=1., norm_type=1", "5, 3, norm_type=3., max_norm=0.5", "5, 3, scale_grad_by_freq=True",
        "5, 3, 2, 1.5, 2., True", "5, 3, dtype=m.float64", "5, 3, _weight=m.ones(5, 3)", "5, 3, _freeze=True",
        "5, 3, device='cpu'") for use in ("i(5, 2, 3)", "i(5, 7)", "m.tensor([[1, 1, 0], [4, 1, 2]])")]
        + [f"m.nn.Embedding({options}) | f({use})" for options, use in (
            ("5, 3", "m.tensor(2)"), ("5, 3", "m.tensor([5])"), ("5, 3", "m.tensor([-1])"),
            ("5, 3", "r(2)"), ("5, 3", "m.tensor([1, 2], dtype=m.int32)"),
            ("5, 3", "m.zeros(0, dtype=m.int64)"), ("5, 3", "m.zeros(2, 0, dtype=m.int64)"),
            ("5, 0", "i(5, 2)"), ("0, 3", "m.zeros(0, dtype=m.int64)"), ("5, 3", "[1, 2]"),
            ("5, 3, 5", "i(5, 2)"), ("5, 3, -6", "i(5, 2)"),
            ("5, 3, _weight=m.ones(3, 5)", "i(5, 2)"), ("5, 3, sparse=True", "i(5, 2)"))]
        + [f"m.nn.Embedding.from_pretrained({options}) | f(i(3, 4))"
           for options in ("m.arange(6.).reshape(3, 2)", "m.arange(6.).reshape(3, 2), freeze=False",
                           "m.arange(6.).reshape(3, 2), False, 1",
                           "m.arange(6.).reshape(3, 2), False, padding_idx=0, max_norm=2., "
                           "norm_type=1., scale_grad_by_freq=True",
                           "m.ones(3)", "m.arange(6).reshape(3, 2)", "m.arange(6).reshape(3, 2), False")]
        + ["m.nn.Embedding(5, 3) | f(i(5, 2, 3)).grad_fn.name()",
           "m.nn.Embedding(5, 3, max_norm=0.1) | f(i(5, 4)); f.weight",
           "m.nn.Embedding(5, 3, padding_idx=2) | f.eval()(m.tensor([2, 3]))",
           "m.nn.Embedding(5, 3, padding_idx=2) | f.weight[2]", "m.nn.Embedding(5, 3).half() | f(i(5, 2))"],
    "EmbeddingBag":
        [f"m.nn.EmbeddingBag({options}) | f({use})"
         for options in ("5, 3", "5, 3, mode='sum'", "5, 3, mode='max'", "5, 3, padding_idx=1",
                         "5, 3, padding_idx=-1, mode='sum'", "5, 3, padding_idx=1, mode='max'", "5, 3, 1.",
                         "5, 3, max_norm=1., norm_type=1., mode='max'", "5, 3, scale_grad_by_freq=True",
                         "5, 3, 2., 3., True, 'sum', padding_idx=4", "5, 3, dtype=m.float64",
                         "5, 3, _weight=m.ones(5, 3)", "5, 3, device='cpu'")
         for use in ("i(5, 2, 3)", "m.tensor([[1, 1], [4, 1], [0, 2]])", "i(5, 7), m.tensor([0, 2, 2, 5])",
                     "m.tensor([1, 1, 4]), m.tensor([0])", "m.tensor([1, 1, 4]), m.tensor([0, 0, 2, 3])")]
        + [f"m.nn.EmbeddingBag(5, 3, mode='sum', padding_idx=1) | f({use})"
           for use in ("i(5, 2, 3), None, r(2, 3)", "i(5, 4), m.tensor([0, 3]), r(4)",
                       "i(5, 4), m.tensor([0, 3]), per_sample_weights=p(4)",
                       "i(5, 4), m.tensor([0, 3]), r(3)", "i(5, 2, 3), None, r(2, 3).double()")]
        + [f"m.nn.EmbeddingBag(5, 3, include_last_offset=True, mode={mode!r}) | f(i(5, 6), "
           "m.tensor([0, 2, 2, 6]))" for mode in ("sum", "mean", "max")]
        + [f"m.nn.EmbeddingBag({options}) | f({use})"
           for options, use in (("5, 3", "i(5, 4)"), ("5, 3", "i(5, 2, 2), m.tensor([0])"),
                                ("5, 3", "i(5, 2, 2, 2)"), ("5, 3", "m.tensor([[5]])"),
                                ("5, 3", "m.tensor([[-1]])"), ("5, 3", "r(2, 2)"),
                                ("5, 3", "i(5, 2, 2), None, r(2, 2)"), ("5, 3, mode='other'", "i(5, 2, 2)"),
                                ("5, 3, sparse=True", "i(5, 2, 2)"), ("5, 3, padding_idx=5", "i(5, 2, 2)"),
                                ("5, 3, padding_idx=-6", "i(5, 2, 2)"),
                                ("5, 3, _weight=m.ones(3, 5)", "i(5, 2, 2)"),
                                ("5, 3", "m.tensor([[1, 2]], dtype=m.int32)"),
                                ("5, 3, mode='max', scale_grad_by_freq=True", "i(5, 2, 2)"),
                                ("5, 0", "i(5, 2, 2)"))]
        + [f"m.nn.EmbeddingBag.from_pretrained({options}) | f(i(3, 2, 4))"
           for options in ("m.arange(6.).reshape(3, 2)", "m.arange(6.).reshape(3, 2), freeze=False",
                           "m.arange(6.).reshape(3, 2), False, 2., 1., True, 'sum', padding_idx=1",
                           "m.arange(6.).reshape(3, 2), False, mode='max'", "m.ones(3)")]
        + ["m.nn.EmbeddingBag(5, 3) | f(i(5, 2, 3)).grad_fn.name()",
           "m.nn.EmbeddingBag(5, 3, mode='max') | f(i(5, 2, 3)).grad_fn.name()",
           "m.nn.EmbeddingBag(5, 3, padding_idx=2) | f.weight[2]"],
    "Bilinear": [f"m.nn.Bilinear({options}) | f({use})"
                 for options in ("4, 3, 2", "4, 3, 2, bias=False", "4, 3, 2, False",
                                 "4, 3, 2, dtype=m.float64", "4, 3, 2, device='cpu'")
                 for use in ("r(5, 4), r(5, 3)", "r(4), r(3)", "r(2, 5, 4), r(2, 5, 3)", "r(0, 4), r(0, 3)")]
        + [f"m.nn.Bilinear({options}) | f({use})"
           for options, use in (("4, 3, 2", "r(5, 4), r(5, 4)"), ("4, 3, 2", "r(5, 4), r(5, 3).double()"),
                                ("4, 3, 0", "r(5, 4), r(5, 3)"), ("0, 3, 2", "r(5, 4), r(5, 3)"),
                                ("1, 1, 1", "r(2, 1), r(2, 1)"))],
    "CosineSimilarity": [f"m.nn.CosineSimilarity({options}) | f({use})"
                         for options in ("", "0", "dim=-1", "1, 1.", "dim=2, eps=0.1")
                         for use in ("r(5, 4), r(5, 4)", "r(2, 3, 4), r(2, 3, 4)", "r(5, 1), r(1, 4)",
                                     "r(3, 4), r(3, 4) * 0")]
    + ["m.nn.CosineSimilarity() | f(r(4), r(4))",
       "m.nn.CosineSimilarity() | f(r(3, 4), r(3, 5))",
       "m.nn.CosineSimilarity(0) | f(r(4).double(), r(4).double())"],
    "PairwiseDistance": [f"m.nn.PairwiseDistance({options}) | f({use})"
                         for options in ("", "1", "p=3.", "2., 0.1", "keepdim=True", "math.inf, 0., True")
                         for use in ("r(5, 4), r(5, 4)", "r(2, 3, 4), r(2, 3, 4)", "r(5, 4), r(4)",
                                     "r(4), r(4)")]
    + ["m.nn.PairwiseDistance() | f(r(3, 4), r(3, 5))",
       "m.nn.PairwiseDistance() | f(r(2, 4).double(), r(2, 4).double())"],
}

MODULE_DIFFERENCES = [(r"EmbeddingBag\(5, 0\).*gives tensor",
                       "An embedding of no features is empty in edunets; PyTorch, with more than one thread, "
                       "refuses it with an internal error."),
                      (r"sparse=True.*NotImplementedError: edunets has no sparse gradients",
                       "sparse gradients do not exist here, and it says so when the layer is made"),
                      (r"EmbeddingBag.*(scale_grad_by_freq=True|True, 'sum').*: gradient of weight",
                       "PyTorch's CPU divides a row's gradient by the frequency of another row: it reads "
                       "indices_data[i] where it means the i-th distinct one"),
                      (r"CosineSimilarity\(.*1\.\).*: gradient of input",
                       "PyTorch's gradient flows through the length that eps has replaced; edunets gives the "
                       "slope of what is computed.")]
