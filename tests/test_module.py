"""What a Module does besides computing: stores, walks, modes, conversions, hooks, states; each case run on PyTorch too.

A case is code: statements, then an expression. `m` is the package, `net` a network made of it (see `nets`), `x` an input for it."""
import copy
import math
import pickle

import pytest

import beside
import edunets as en


def nets(m):
    """A network with a shared layer, a layer used twice under two names, buffers, and a place without a
    parameter."""
    class Block(m.nn.Module):
        def __init__(self, n):
            super().__init__()
            self.inner = m.nn.Linear(n, n, bias=False)
            self.register_buffer("steps", m.zeros(1, dtype=m.int64))
            self.register_buffer("cache", m.ones(2), persistent=False)
        def forward(self, x, scale=1.0): return self.inner(x) * scale

    class Net(m.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = m.nn.Linear(3, 3)
            self.blocks = m.nn.Sequential(Block(3), Block(3))
            self.again = self.first
            self.gain = m.nn.Parameter(m.ones(3))
            self.register_parameter("nothing", None)
            self.tied = m.nn.Linear(3, 3, bias=False)
            self.tied.weight = (self.blocks[0].inner.weight if m is not en
                                else next(self.blocks.children()).inner.weight)
        def forward(self, x): return self.tied(self.blocks(self.first(x))) * self.gain
    return Net()


def run(code, m):
    """The value of the last expression, or the exception; parameters are set to numbers that are the same
    in both packages."""
    net = nets(m)
    with m.no_grad():
        for n, p in enumerate(net.parameters()):
            p.copy_(((m.arange(p.numel(), dtype=p.dtype) + n) % 7 / 4 - 0.5).reshape(p.shape))
    scope = {"m": m,
             "net": net,
             "x": m.arange(6.).reshape(2, 3) / 4 - 0.5,
             "copy": copy,
             "math": math,
             "told": [],
             "Block": type(next(iter(net.blocks.children())))}
    return beside.attempt(code, scope)


SAW = "saw = lambda name: lambda module, *rest: told.append((name, module._get_name(), len(rest)))"
TOLD = ("[(name, kind, [tuple(x.shape) if x is not None else None for part in seen for x in (part if "
        "isinstance(part, tuple) else (part,))]) for name, kind, seen in told]")
LOOK = "look = lambda name: lambda module, *seen: told.append((name, module._get_name(), seen))"
SECOND = "second = list(net.blocks.children())[1]"
CASES = [
    # What is where, and under which name.
    *[f"list(dict(net.named_{what}({options})))" for what in ("parameters", "buffers")
      for options in ("", "'p'", "recurse=False", "prefix='a.b'", "remove_duplicate=False",
                      "'p', False, False")],
    *[f"[name for name, _ in net.named_modules({options})]"
      for options in ("", "prefix='p'", "remove_duplicate=False", "memo=set()")],
    "[name for name, _ in net.named_children()]",
    "len(list(net.parameters()))",
    "len(list(net.parameters(recurse=False)))",
    "len(list(net.buffers()))",
    "len(list(net.modules()))",
    "len(list(net.children()))",
    "net.get_submodule('blocks.1.inner').weight",
    "net.get_submodule('') is net",
    "net.get_submodule('blocks.7')",
    "net.get_submodule('gain')",
    "net.get_parameter('blocks.0.inner.weight')",
    "net.get_parameter('blocks.0.steps')",
    "net.get_parameter('nix.weight')",
    "net.get_buffer('blocks.0.steps')",
    "net.get_buffer('gain')",
    "net.get_buffer('blocks.0.nix')",
    "sorted(net._parameters)",
    "sorted(net._modules)",
    "list(net.blocks._modules)",
    "'gain' in dir(net) and 'blocks' in dir(net)",
    "net.nothing",
    "net.nix",
    "hasattr(net, 'nix')",
    "repr(net)",
    "str(net)",
    # Assignment.
    "net.gain = m.ones(3)",
    "net.gain = None; net.gain",
    "net.gain = m.nn.Parameter(m.zeros(2)); net.gain",
    "net.first = 3",
    "net.first = None; [name for name, _ in net.named_modules()]",
    "net.first = m.nn.Linear(3, 3); net.first is net.again",
    "net.x = 3; net.x",
    "net.x = m.ones(2); list(dict(net.named_buffers()))",
    "net.b = m.nn.Buffer(m.ones(2)); list(dict(net.named_buffers()))",
    "net.b = m.nn.Buffer(m.ones(2), persistent=False); list(net.state_dict())",
    "net.b = m.nn.Buffer(m.ones(2), persistent=False); net.b = m.zeros(2); list(net.state_dict())",
    "net.b = m.nn.Buffer(m.ones(2), persistent=False); net.b = m.nn.Buffer(m.ones(2)); list(net.state_dict())",
    "net.register_buffer('b', m.nn.Buffer(m.ones(2), persistent=False)); list(net.state_dict())",
    "net.b = m.nn.Buffer(m.ones(2)); net.b = m.zeros(3); net.b",
    "net.b = m.nn.Buffer(m.ones(2)); net.b = 3",
    "net.b = m.nn.Buffer(m.ones(2)); net.b = None; net.b",
    "net.plain = 3; net.plain = m.nn.Parameter(m.ones(1)); list(dict(net.named_parameters(recurse=False)))",
    "net.gain = m.nn.Linear(1, 1); list(net._parameters), list(net._modules)",
    "del net.gain; hasattr(net, 'gain')",
    "del net.first; [name for name, _ in net.named_children()]",
    "del net.nix",
    "net.x = 1; del net.x; hasattr(net, 'x')",
    "net.register_parameter('w', m.nn.Parameter(m.ones(1))); net.w",
    "net.register_parameter('w.v', m.nn.Parameter(m.ones(1)))",
    "net.register_parameter('', m.nn.Parameter(m.ones(1)))",
    "net.register_parameter(3, m.nn.Parameter(m.ones(1)))",
    "net.register_parameter('forward', m.nn.Parameter(m.ones(1)))",
    "net.register_parameter('w', m.ones(1))",
    "net.register_parameter('gain', None); net.gain",
    "net.register_buffer('w', m.ones(1)); net.w",
    "net.register_buffer('w.v', m.ones(1))",
    "net.register_buffer('', m.ones(1))",
    "net.register_buffer(3, m.ones(1))",
    "net.register_buffer('gain', m.ones(1))",
    "net.register_buffer('w', 3)",
    "net.register_buffer('w', None); list(net.state_dict())[:2]",
    "net.register_buffer('w', m.ones(1), persistent=False); 'w' in net.state_dict()",
    "net.add_module('w', m.nn.Linear(1, 1)); list(net._modules)",
    "net.add_module('w.v', m.nn.Linear(1, 1))",
    "net.add_module('', m.nn.Linear(1, 1))",
    "net.add_module('w', 3)",
    "net.add_module('gain', m.nn.Linear(1, 1))",
    "net.add_module(3, None)",
    "net.add_module('w', None); list(net._modules)",
    "net.register_module('w', m.nn.Linear(1, 1)); list(net._modules)",
    "bare = Block.__new__(Block); bare.w = m.nn.Parameter(m.ones(1))",
    "bare = Block.__new__(Block); bare.w = m.nn.Linear(1, 1)",
    "bare = Block.__new__(Block); bare.w = 3; bare.w",
    "m.nn.Module()(x)",
    # Parameters.
    "m.nn.Parameter(m.ones(2))",
    "m.nn.Parameter()",
    "m.nn.Parameter(m.ones(2), requires_grad=False)",
    "m.nn.Parameter(m.ones(2, dtype=m.int64))",
    "m.nn.Parameter(m.ones(2, dtype=m.int64), requires_grad=False)",
    "t = m.ones(2); p = m.nn.Parameter(t); t.add_(1); p",
    "m.nn.Parameter(net.gain * 2).is_leaf",
    "isinstance(m.nn.Parameter(m.ones(2)), m.Tensor)",
    "P = type('P', (m.nn.Parameter,), {}); type(P(m.ones(2)) * 2).__name__",
    "m.nn.Parameter(m.ones(2)).clone().requires_grad",
    "type(m.nn.Parameter(m.ones(2)).detach()).__name__",
    "type(m.nn.Parameter(m.ones(2)) * 2).__name__",
    "type(m.nn.Parameter(m.ones(2)).data).__name__",
    "copy.deepcopy(m.nn.Parameter(m.ones(2)))",
    "type(copy.deepcopy(net.gain)).__name__",
    "c = copy.deepcopy(net); c.tied.weight is next(c.blocks.children()).inner.weight",
    "c = copy.deepcopy(net); c.first is c.again and c.first is not net.first",
    "c = copy.deepcopy(net); c.gain.data.zero_(); net.gain",
    "copy.copy(net).gain is net.gain",
    # Modes, gradients, conversions.
    "net.eval() is net",
    "net.eval(); [k.training for k in net.modules()]",
    "net.eval().train(); net.first.training",
    "net.train(False).training",
    "net.train(1)",
    "net.requires_grad_(False); [p.requires_grad for p in net.parameters()]",
    "net.first.requires_grad_(False); [p.requires_grad for p in net.parameters()]",
    "net(x).sum().backward(); net.zero_grad(); net.gain.grad",
    "net(x).sum().backward(); net.zero_grad(set_to_none=False); net.gain.grad",
    "net(x).sum().backward(); [p.grad for p in net.parameters()]",
    "net(x)",
    "net.eval()(x)",
    "net.forward(x)",
    "net(x, 3)",
    "net.blocks(x[0])",
    "net.apply(lambda k: told.append(k._get_name())) is net",
    "net.apply(lambda k: told.append(k._get_name())); told",
    "net.double().gain",
    "p = net.gain; net.double(); net.gain is p",
    "net.half().first.weight.dtype",
    "net.double().float().first.weight",
    "net.to(m.float64).blocks(x.double())",
    "next(net.double().buffers()).dtype",
    "net.to('cpu').gain",
    "net.to(m.int64)",
    "net.to(m.ones(1, dtype=m.float64)).gain.dtype",
    "net.to(dtype=m.float64).gain.dtype",
    "net.to('cpu', m.float64).gain.dtype",
    "net.to(m.device('cpu')) is net",
    "net(x).sum().backward(); net.double(); net.gain.grad",
    "net.cpu() is net",
    "net.double(); net(x)",
    "net.to(device='cpu', dtype=m.float16).gain.dtype",
    # States.
    "list(net.state_dict())",
    "net.state_dict()",
    "list(net.state_dict(prefix='p.'))",
    "net.state_dict()['gain'].requires_grad",
    "net.state_dict(keep_vars=True)['gain'].requires_grad",
    "net.state_dict()['gain'].zero_(); net.gain",
    "type(net.state_dict()).__name__",
    "d = {}; net.first.state_dict(destination=d, prefix='q.') is d and list(d)",
    "str(net.load_state_dict(net.state_dict()))",
    "net.load_state_dict({})",
    "net.load_state_dict(3)",
    "s = net.state_dict(); s['nix'] = m.ones(1); net.load_state_dict(s)",
    "s = net.state_dict(); s['nix'] = m.ones(1); net.load_state_dict(s, strict=False).unexpected_keys",
    "s = net.state_dict(); del s['gain']; net.load_state_dict(s, False).missing_keys",
    "s = net.state_dict(); s['gain'] = m.ones(4); net.load_state_dict(s)",
    "s = net.state_dict(); s['gain'] = m.ones(4); net.load_state_dict(s, strict=False)",
    "s = net.state_dict(); s['gain'] = m.ones(3, dtype=m.float64) * 2; net.load_state_dict(s); net.gain",
    "s = net.state_dict(); s['gain'] = m.ones(3, dtype=m.float64) * 2; net.load_state_dict(s, "
    "assign=True); net.gain",
    "s = net.state_dict(); s['gain'] = 3; net.load_state_dict(s)",
    "s = net.state_dict(); s['gain'] = 3; net.load_state_dict(s, strict=False)",
    "p = net.gain; net.load_state_dict(net.state_dict(), assign=True); p is net.gain",
    "net.gain.requires_grad_(False); net.load_state_dict({'gain': m.ones(3)}, strict=False, assign=True); "
    "net.gain.requires_grad",
    "s = net.state_dict(); s['blocks.0.steps'] = m.tensor([7]); net.load_state_dict(s); "
    "net.get_buffer('blocks.0.steps')",
    "s = net.state_dict(); s['blocks.0.cache'] = m.ones(2); net.load_state_dict(s)",
    "h = net.register_state_dict_post_hook(lambda k, s, p, meta: s.__setitem__(p + 'more', 1)); "
    "list(net.state_dict())[-1]",
    "h = net.first.register_state_dict_post_hook(lambda k, s, p, meta: told.append(p)); "
    "net.state_dict(); told",
    "h = net.register_state_dict_pre_hook(lambda k, p, keep: told.append((p, keep))); net.state_dict(); told",
    "h = net.register_load_state_dict_pre_hook(lambda k, s, p, meta, strict, missing, unexpected, errors: "
    "s.pop('extra', None)); s = net.state_dict(); s['extra'] = 1; str(net.load_state_dict(s))",
    "h = net.first.register_load_state_dict_post_hook(lambda k, keys: told.append(k._get_name())); "
    "net.load_state_dict(net.state_dict()); told",
    "h = net.register_load_state_dict_post_hook(lambda k, keys: keys.missing_keys.clear()); "
    "str(net.load_state_dict({}, strict=False))",
    "h = net.first.register_load_state_dict_pre_hook(lambda k, s, p, *rest: told.append(p)); "
    "net.load_state_dict(net.state_dict()); told",
    "h = net._register_state_dict_hook(lambda k, s, p, meta: {'other': 1}); net.state_dict()",
    "h = net.first._register_state_dict_hook(lambda k, s, p, meta: {'other': 1}); list(net.state_dict())",
    "h = net._register_state_dict_hook(lambda k, s, p, meta: s.pop('gain') and None); list(net.state_dict())",
    "h = net.register_state_dict_post_hook(print); g = net._register_state_dict_hook(print); h.remove(); "
    "len(net._state_dict_hooks)",
    # Hooks on every module.
    *[f"{SAW}; M = m.nn.modules.module; h = M.register_module_{kind}(saw('all')); g = "
      f"net.first.register_{kind}(saw('own')); net(x).sum().backward(); h.remove(); "
      "net(x).sum().backward(); told"
      for kind in ("forward_hook", "forward_pre_hook", "full_backward_hook", "full_backward_pre_hook")],
    *[f"{LOOK}; M = m.nn.modules.module; h = M.register_module_{kind}(look('all')); "
      f"net(x.requires_grad_()).sum().backward(); h.remove(); {TOLD}"
      for kind in ("forward_hook", "forward_pre_hook", "full_backward_hook", "full_backward_pre_hook")],
    "M = m.nn.modules.module; h = M.register_module_forward_hook(lambda k, a, y: y * 2 if k is net.tied else "
    "None); y = net(x); h.remove(); y, net(x)",
    "M = m.nn.modules.module; h = M.register_module_forward_pre_hook(lambda k, a: a[0] * 2 if k is net.tied "
    "else None); y = net(x); h.remove(); y",
    "M = m.nn.modules.module; h = M.register_module_forward_hook(lambda k, a, kw, y: "
    "told.append(sorted(kw)), with_kwargs=True); y = next(net.blocks.children())(x, "
    "scale=2.); h.remove(); told",
    "M = m.nn.modules.module; h = M.register_module_full_backward_hook(lambda k, gi, go: (gi[0] * 2,) if k "
    "is net.tied else None); net(x.requires_grad_()).sum().backward(); h.remove(); x.grad",
    "M = m.nn.modules.module; h = M.register_module_full_backward_pre_hook(lambda k, go: (go[0] * 2,) if k "
    "is net.tied else None); net(x).sum().backward(); h.remove(); net.gain.grad, net.first.bias.grad",
    "M = m.nn.modules.module; h = M.register_module_forward_hook(print); n = "
    "len(net._forward_hooks); h.remove(); n",
    # The older kind on the way back.
    f"{LOOK}; h = net.first.register_backward_hook(lambda k, gi, go: told.append(go[0])); "
    "net(x).sum().backward(); told",
    "h = net.first.register_backward_hook(print); net.first.register_full_backward_hook(print)",
    "h = net.first.register_full_backward_hook(print); net.first.register_backward_hook(print)",
    # Hooks.
    *[f"{SAW}; h = {where}.register_{kind}(saw('a')); g = {where}.register_{kind}(saw('b'){more}); "
      "net(x).sum().backward(); told" for where in ("net", "net.first", "net.tied")
      for kind in ("forward_hook", "forward_pre_hook", "full_backward_hook", "full_backward_pre_hook")
      for more in ("", ", prepend=True")],
    *[f"{LOOK}; h = {where}.register_{kind}(look('a')); net({x}).sum().backward(); {TOLD}"
      for where in ("net", "net.first", "net.blocks")
      for kind in ("forward_hook", "forward_pre_hook", "full_backward_hook", "full_backward_pre_hook")
      for x in ("x", "x.requires_grad_()")],
    "h = net.first.register_forward_hook(lambda k, a, y: y * 2); net(x)",
    "h = net.first.register_forward_pre_hook(lambda k, a: a[0] * 2); net(x)",
    "h = net.first.register_forward_pre_hook(lambda k, a: (a[0] * 2,)); net(x)",
    "h = net.first.register_forward_hook(lambda k, a, y: y * 2); h.remove(); net(x)",
    f"{SECOND}; h = second.register_forward_pre_hook(lambda k, a, kw: (a, {{'scale': 2.0}}), "
    "with_kwargs=True); net(x)",
    f"{SECOND}; h = second.register_forward_pre_hook(lambda k, a, kw: 3, with_kwargs=True); net(x)",
    f"{SECOND}; h = second.register_forward_hook(lambda k, a, kw, y: told.append(kw), with_kwargs=True); "
    "second(x, scale=2.0); told",
    "h = net.first.register_forward_hook(lambda k, a, y: told.append(y is None), always_call=True); "
    "net.first(x[:, :2]); 1",
    "h = net.first.register_forward_hook(lambda k, a, y: told.append(1), always_call=True); "
    "net.first(x); told",
    "h = net.register_full_backward_hook(lambda k, gi, go: (gi[0] * 2,)); x.requires_grad_(); "
    "net(x).sum().backward(); x.grad",
    "h = net.tied.register_full_backward_pre_hook(lambda k, go: (go[0] * 2,)); net(x).sum().backward(); "
    "net.gain.grad, net.first.bias.grad",
    "h = net.tied.register_full_backward_hook(lambda k, gi, go: (gi[0], gi[0])); net(x).sum().backward()",
    "h = net.first.register_full_backward_hook(lambda k, gi, go: told.append(gi)); "
    "net(x).sum().backward(); told",
    *[f"h = net.register_{kind}_hook(print); "
      f"len(net._{kind.replace('full_', '').replace('post_', '').replace('_post', '')}_hooks)"
      for kind in ("forward", "forward_pre", "full_backward", "full_backward_pre", "load_state_dict_pre",
                   "state_dict_pre")],
    "h = net.first.register_forward_hook(lambda k, a, y: y * 2); net.first._forward_hooks.clear(); net(x)",
    "len(net._load_state_dict_post_hooks)",
    "h = net.first.register_full_backward_hook(lambda k, gi, go: None); net(x).grad_fn.name()",
    "h = net.first.register_full_backward_hook(lambda k, gi, go: None); net.first(x).grad_fn.name()",
    "h = net.first.register_forward_hook(lambda k, a, y: told.append(1)); m.no_grad().__enter__(); net(x); "
    "m.enable_grad().__enter__(); told",
]


@pytest.mark.parametrize("code", CASES)
def test_as_pytorch(code):
    torch = pytest.importorskip("torch")
    assert beside.difference(run(code, en), run(code, torch), 5) is None


def test_nothing_is_changed_by_a_failed_load():
    """PyTorch has copied what fits by then."""
    net = nets(en)
    state = {name: x * 0 + 5 for name, x in net.state_dict().items()}
    state["gain"] = en.ones(7)
    before = {name: x.clone() for name, x in net.state_dict().items()}
    with pytest.raises(RuntimeError, match="gain"): net.load_state_dict(state)
    assert all((before[name] == x).all() for name, x in net.state_dict().items())


def test_a_module_can_be_pickled():
    layer = pickle.loads(pickle.dumps(en.nn.Linear(3, 2)))
    assert layer(en.ones(1, 3)).shape == (1, 2) and isinstance(layer.weight, en.nn.Parameter)


def test_a_filled_parameter_remembers_how():
    layer = en.nn.Linear(300, 200)
    for p in layer.parameters():
        assert abs(p.var().item() / p.filled.variance - 1) < 0.25 and p.filled.version == p._version
    with en.no_grad(): layer.weight.mul_(2)
    assert layer.weight.filled.version < layer.weight._version


def test_every_layer_keeps_its_memory_free_of_cycles():
    """A module that goes out of scope is freed at once, its hooks too."""
    import gc
    import weakref
    gc.disable()
    try:
        net = nets(en)
        net.register_full_backward_hook(lambda module, grad_input, grad_output: None)
        net(en.ones(2, 3)).sum().backward()
        gone = weakref.ref(net)
        del net
        assert gone() is None
    finally: gc.enable()


def test_a_state_from_before_batches_were_counted():
    """As PyTorch, which asks for `num_batches_tracked` only of states whose version says that they have
    one."""
    for library in (en, pytest.importorskip("torch")):
        net = library.nn.Sequential(library.nn.BatchNorm1d(2))
        net(library.ones(3, 2))
        state = {name: x for name, x in net.state_dict().items() if "num_batches_tracked" not in name}
        assert str(net.load_state_dict(state)) == "<All keys matched successfully>"
        assert net[0].num_batches_tracked.item() == 1
        with pytest.raises(RuntimeError, match="running_mean"):
            net.load_state_dict({"0.weight": library.ones(2), "0.bias": library.ones(2)})


# What PyTorch calls of a child while something is asked of its parent, `m` the package, `net` the parent,
# `state` a state of it.
ASKED = ["net.train()",
         "net.eval()",
         "net.train(False)",
         "net.requires_grad_(False)",
         "net.zero_grad()",
         "net.zero_grad(False)",
         "net.apply(lambda k: None)",
         "net.double()",
         "net.half()",
         "net.float()",
         "net.to(m.float64)",
         "net.to('cpu')",
         "net.cpu()",
         "net.type(m.float64)",
         "net.type(m.DoubleTensor)",
         "net.to_empty(device='cpu')",
         "list(net.parameters())",
         "list(net.parameters(recurse=False))",
         "list(net.named_parameters('p', remove_duplicate=False))",
         "list(net.buffers())",
         "list(net.named_buffers())",
         "list(net.modules())",
         "list(net.named_modules())",
         "list(net.children())",
         "net.state_dict()",
         "net.state_dict(prefix='p.', keep_vars=True)",
         "net.load_state_dict(state)",
         "net.load_state_dict(state, assign=True)",
         "net.load_state_dict({}, strict=False)",
         "copy.deepcopy(net)",
         "copy.copy(net)",
         "repr(net)",
         "net.get_submodule('0.inner')",
         "net.get_parameter('0.inner.weight')",
         "net.get_buffer('0.steps')",
         "net.set_submodule('0.inner', m.nn.Identity())",
         "net(m.ones(1, 2))",
         "dir(net)",
         "net.add_module('more', m.nn.ReLU())",
         "net[0].eval()",
         "net[0].half()",
         "net[0].cpu()",
         "list(net[0].buffers())",
         "net[0].state_dict()",
         "net[0].load_state_dict(net[0].state_dict())",
         "setattr(net[0], 'p', m.nn.Parameter(m.ones(1)))",
         "setattr(net[0], 'b', m.nn.Buffer(m.ones(1)))",
         "setattr(net[0], 'steps', m.ones(1))",
         "setattr(net[0], 'steps', None)",
         "setattr(net[0], 'inner', m.nn.ReLU())",
         "setattr(net[0], 'inner', None)",
         "setattr(net[0], 'n', 1)",
         "delattr(net[0], 'steps')"]
OWN = ["train", "eval", "requires_grad_", "zero_grad", "apply", "_apply", "to", "half", "float", "double",
       "cpu", "type", "to_empty", "parameters", "named_parameters", "buffers", "named_buffers", "modules",
       "named_modules", "children", "named_children", "_named_members", "state_dict", "_save_to_state_dict",
       "get_extra_state", "load_state_dict", "_load_from_state_dict", "set_extra_state", "__setstate__",
       "extra_repr", "_get_name", "get_submodule", "get_parameter", "get_buffer", "set_submodule",
       "add_module", "register_module", "register_parameter", "register_buffer", "__dir__"]


def asked(m, code):
    """Which methods of a child, each overridden, are called by `code`, in order."""
    told = []
    def own(name):
        def method(self, *args, **kwargs):
            told.append(name)
            return {"get_extra_state": lambda: m.ones(1), "set_extra_state": lambda: None}.get(
                name, lambda: getattr(super(Child, self), name)(*args, **kwargs))()
        return method

    class Child(m.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = m.nn.Linear(2, 2)
            self.register_buffer("steps", m.zeros(1))
        def forward(self, x): return self.inner(x)
    net = m.nn.Sequential(Child(), m.nn.Sequential(Child()))
    for p in net.parameters(): p.grad = m.ones(p.shape)
    scope = {"m": m, "net": net, "copy": copy}
    for name in OWN: setattr(Child, name, own(name))
    scope["state"] = net.state_dict()
    told.clear()
    eval(code, scope)
    return told


@pytest.mark.parametrize("code", ASKED)
def test_a_childs_own_method_is_called_where_pytorch_calls_it(code):
    assert asked(en, code) == asked(pytest.importorskip("torch"), code)


def test_a_class_reads_what_an_older_version_of_it_wrote():
    """By the version in `_metadata`, and in the order of PyTorch; what it wrote itself is taken back too
    where the load fails."""
    def outcome(m):
        told = []
        class Scaled(m.nn.Module):
            _version = 3
            def __init__(self):
                super().__init__()
                self.scale, self.inner = m.nn.Parameter(m.ones(2)), m.nn.Linear(1, 1)
            def _load_from_state_dict(self, state, prefix, metadata, *rest):
                told.append((prefix, dict(metadata), sorted(state)))
                if metadata.get("version") == 2:
                    state[prefix + "scale"] = state.pop(prefix + "log_scale").exp()
                super()._load_from_state_dict(state, prefix, metadata, *rest)
                told.append(self.scale.tolist())
        net = m.nn.Sequential(Scaled())
        state = net.state_dict()
        state["0.log_scale"] = state.pop("0.scale") * 0
        state._metadata["0"]["version"] = 2
        for strict in (True, False): told.append(str(net.load_state_dict(state, strict=strict)))
        state["0.inner.bias"] = m.ones(5)
        try: net.load_state_dict(state)
        except RuntimeError as e: told.append(str(e).split("\n\t")[1][:40])
        return told
    assert outcome(en) == outcome(pytest.importorskip("torch"))
