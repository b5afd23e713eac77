"""Checkpoints, hooks on what is saved, and autograd.functional beside PyTorch: the same values, counts of
calls and classes of errors."""
import warnings

import pytest

torch = pytest.importorskip("torch")
import torch.utils.checkpoint

import edunets as en
from test_autograd_torch import outcome, plain, same


def outcomes(m):
    "What each case gives, by its name."
    cp, G, F, found = m.utils.checkpoint, m.autograd.graph, m.nn.functional, {}
    C = cp.checkpoint
    def note(f, reentrant=None):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            name = f.__name__ + {True: ", reentrant", False: "", None: ""}[reentrant]
            found[name] = outcome(lambda _: f(), m)
    def leaf(): return m.tensor([0.5,1.0],requires_grad=True)
    w=m.tensor([2.0,3.0],requires_grad=True)
    for R in (True, False):
        def simple():
            x=leaf()
            C(lambda x:(x*w).sin(),x,use_reentrant=R).sum().backward()
            r=x.grad.tolist(),w.grad.tolist()
            w.grad=None
            return r
        def nontensor():
            x=leaf()
            y=C(lambda x,k,s,n: (x*k if s=="a" else x)**2,x,3.0,"a",None,use_reentrant=R)
            y.sum().backward()
            return x.grad.tolist()
        def kw():
            x=leaf()
            y=C(lambda x,k=1.0: (x*k)**2,x,k=5.0,use_reentrant=R)
            y.sum().backward()
            return x.grad.tolist()
        def multi():
            x=leaf()
            a,b=C(lambda x:(x.sin(),x.exp()),x,use_reentrant=R)
            (a*b).sum().backward()
            return [round(v,4) for v in x.grad.tolist()]
        def nograd():
            x=leaf()
            with m.no_grad(): y=C(lambda x:x.sin(),x,use_reentrant=R)
            return y.requires_grad
        def noinput():
            x=m.tensor([1.,2.]); y=C(lambda x:(x*w).sin(),x,use_reentrant=R); return y.requires_grad
        def autogradgrad():
            x=leaf(); y=C(lambda x:x.sin(),x,use_reentrant=R).sum(); return m.autograd.grad(y,x)[0].tolist()
        def twice():
            x=leaf(); calls=[]
            def f(x): calls.append(1); return x.sin().exp()
            y=C(f,x,use_reentrant=R).sum()
            y.backward(retain_graph=True)
            y.backward(retain_graph=True)
            return len(calls),[round(v,4) for v in x.grad.tolist()]
        def again():
            x=leaf(); y=C(lambda x:x.sin().exp(),x,use_reentrant=R).sum(); y.backward(); y.backward()
        def double():
            x=leaf()
            y=C(lambda x:x.sin().exp(),x,use_reentrant=R).sum()
            g,=m.autograd.grad(y,x,create_graph=True)
            return [round(v,4) for v in m.autograd.grad(g.sum(),x)[0].tolist()]
        def written():
            x=leaf()*1; y=C(lambda x:x.sin(),x,use_reentrant=R).sum(); x.mul_(2); y.backward()
        def rng():
            x=m.ones(20,requires_grad=True)
            m.manual_seed(3)
            y=C(lambda x:F.dropout(x,0.5,True),x,use_reentrant=R)
            after=m.rand(3).tolist()
            m.manual_seed(3)
            F.dropout(m.ones(20),0.5,True)
            same=m.rand(3).tolist()==after
            s=m.get_rng_state().tolist()
            y.sum().backward()
            return bool((x.grad==y).all()),same, s==m.get_rng_state().tolist()
        def norng():
            m.manual_seed(0)
            x=m.ones(200,requires_grad=True)
            y=C(lambda x:F.dropout(x,0.5,True),x,use_reentrant=R,preserve_rng_state=False)
            y.sum().backward()
            return bool((x.grad==y).all())
        def inplace_inside():
            x=leaf()
            y=C(lambda x:(x*2).sin_().exp(),x,use_reentrant=R)
            y.sum().backward()
            return [round(v,4) for v in x.grad.tolist()]
        def raising():
            x=leaf(); 
            def f(x): raise ValueError
            C(f,x,use_reentrant=R)
        def seq():
            x=leaf(); calls=[]
            def f(x): calls.append(1); return x.sin()
            cp.checkpoint_sequential([f]*7,3,x,use_reentrant=R).sum().backward()
            return len(calls),[round(v,4) for v in x.grad.tolist()]
        def shapechange():
            x=leaf(); calls=[]
            def f(x): calls.append(1); return (x.sin() if len(calls)==1 else m.cat([x,x]).sin()[:2])
            C(f,x,use_reentrant=R).sum().backward(); return x.grad.tolist()
        def nested3():
            x=leaf(); calls=[]
            def a(x): calls.append("a"); return x.sin().cos()
            def b(x): calls.append("b"); return C(a,x.exp(),use_reentrant=R).tanh()
            def c(x): calls.append("c"); return C(b,x*2,use_reentrant=R).exp()
            C(c,x,use_reentrant=R).sum().backward(); return calls,[round(v,4) for v in x.grad.tolist()]
        def module():
            m.manual_seed(0); l=m.nn.Linear(2,2); l.weight.data.fill_(.5); l.bias.data.fill_(.1)
            x=leaf()
            C(l,x,use_reentrant=R).pow(2).sum().backward()
            return [round(v,4) for v in l.weight.grad.flatten().tolist()]
        def freed():
            x=leaf(); y=C(lambda x:x.sin(),x,use_reentrant=R); 
            z=(y*2).sum(); z.backward(); return x.grad.tolist()
        for f in (simple,nontensor,kw,multi,nograd,noinput,autogradgrad,twice,again,double,written,rng,norng,
                  inplace_inside,raising,seq,shapechange,nested3,module,freed):
            note(f, R)
    def default():
        with warnings.catch_warnings(record=True) as s:
            warnings.simplefilter("always"); x=leaf(); C(lambda x:x.sin(),x)
        return len(s)
    note(default)
    def edge():
        x=leaf()
        e=G.get_gradient_edge(x)
        y=x*2
        ey=G.get_gradient_edge(y)
        r=m.autograd.grad(y.sum(),ey)[0].tolist(), m.autograd.grad((y*y).sum(),e)[0].tolist()
        return r,type(e.node).__name__,ey.output_nr
    def edge_out():
        x=leaf(); y=x*x; e=G.get_gradient_edge(y); return m.autograd.grad(e,x,m.tensor([1.,10.]))[0].tolist()
    def edge_out1():
        x=m.tensor(2.,requires_grad=True)
        y=x*x
        e=G.get_gradient_edge(y)
        m.autograd.backward(e)
        return x.grad.item()
    def edge_bad(): G.get_gradient_edge(m.ones(2))
    def edge_inputs():
        x=leaf(); y=x*2; (y*y).sum().backward(inputs=[G.get_gradient_edge(x)]); return x.grad
    def disabled():
        with G.disable_saved_tensors_hooks("no"):
            with G.saved_tensors_hooks(lambda x:x,lambda x:x): pass
    def disabled2():
        with G.saved_tensors_hooks(lambda x:x,lambda x:x):
            with G.disable_saved_tensors_hooks("no"): pass
    def inner():
        log=[]
        with G.saved_tensors_hooks(lambda x:log.append("o") or x,lambda x:x):
            with G.saved_tensors_hooks(lambda x:log.append("i") or x,lambda x:x): y=leaf().exp()
            y=leaf().exp()
        return log
    def badunpack():
        with G.saved_tensors_hooks(lambda x:x,lambda x:3): y=leaf().exp()
        y.sum().backward()
    def writing_pack():
        with G.saved_tensors_hooks(lambda x:x.mul_(2),lambda x:x): y=leaf().exp()
    def packflags():
        log=[]
        with G.saved_tensors_hooks(lambda x:log.append((x.requires_grad,x.is_leaf)) or x,lambda x:x):
            y=leaf(); z=(y*1)*y
        return sorted(log)
    def function_hooks():
        log=[]
        class S(m.autograd.Function):
            @staticmethod
            def forward(ctx,x): ctx.save_for_backward(x,None,x*2); return x*x
            @staticmethod
            def backward(ctx,g): a,n,b=ctx.saved_tensors; return g*b
        x=leaf()
        with G.saved_tensors_hooks(lambda v:log.append("p") or v.tolist(),
                                   lambda v:log.append("u") or m.tensor(v)):
            y=S.apply(x)
        y.sum().backward(); return log,x.grad.tolist()
    def oncpu():
        x=leaf()
        with G.save_on_cpu(): y=(x*x).exp().sum()
        y.backward(); return [round(v,3) for v in x.grad.tolist()]
    def mutate():
        x=leaf()
        with G.allow_mutation_on_saved_tensors():
            y=x.exp(); z=(y*y).sum(); y.mul_(2); z.backward()
        return [round(v,3) for v in x.grad.tolist()]
    def incr():
        x=m.ones(2); G.increment_version(x); G.increment_version([x,x]); return x._version
    def mg(mode):
        a,b,c=leaf(),leaf(),leaf(); log=[]
        h=G.register_multi_grad_hook((a,b,c),
                                     lambda g: log.append([None if i is None else i.tolist() for i in g]
                                                          if mode=="all" else g.tolist()),mode=mode)
        (a*b).sum().backward(); (a*b*c).sum().backward(retain_graph=True); c.sum().backward(); 
        h.remove(); (a*b).sum().backward(); return log
    def mgall(): return mg("all")
    def mgany(): return mg("any")
    def mgbad(): return mg("x")
    for f in (edge,edge_out,edge_out1,edge_bad,edge_inputs,disabled,disabled2,inner,badunpack,writing_pack,
              packflags,function_hooks,oncpu,mutate,incr,mgall,mgany,mgbad):
        note(f)
    return found


OURS, THEIRS = outcomes(en), outcomes(torch)

@pytest.mark.parametrize("name", THEIRS)
def test_checkpoint_and_graph(name): assert same(OURS[name], THEIRS[name]), (OURS[name], THEIRS[name])


# autograd.functional: each function with each option on each kind of function

FUNCTIONS = dict(
    square=lambda m, x: x ** 2, outer=lambda m, a, b: a[:, None] * b,
    two_outputs=lambda m, x: (x ** 2, x.sum()), one_unused=lambda m, a, b: a ** 2,
    constant=lambda m, x: m.ones(2), linear=lambda m, x: x * 3, scalar=lambda m, x: (x ** 3).sum(),
    scalar_of_two=lambda m, a, b: (a ** 2).sum() * b.sum(), linear_scalar=lambda m, x: x.sum(),
    scalar_one_unused=lambda m, a, b: (a ** 3).sum(), partly_constant=lambda m, x: (x, m.ones(2)),
    a_number=lambda m, x: 3.0,
)
OPTIONS = [{}, {"create_graph": True}, {"strict": True}, {"strict": True, "create_graph": True}]
VECTORS = dict(none=lambda m: None, both=lambda m: (m.tensor([1.0, -1.0]), m.tensor([1.0, 0.0, 2.0])),
               of_two=lambda m: (m.tensor([1.0, -1.0]), m.tensor(2.0)), one=lambda m: m.tensor([1.0, -1.0]),
               scalar=lambda m: m.tensor(2.0))

def functional(m, kind, name, options, requires_grad, **vector):
    given = (m.tensor([1.0, 2.0], requires_grad=requires_grad),
             m.tensor([3.0, 4.0, 5.0],
                      requires_grad=requires_grad))[:FUNCTIONS[name].__code__.co_argcount - 1]
    result = getattr(m.autograd.functional, kind)(lambda *xs: FUNCTIONS[name](m, *xs),
                                                  given if len(given) > 1 else given[0], **vector, **options)
    def flags(x): return x.requires_grad if hasattr(x, "detach") else [flags(item) for item in x]
    return result, flags(result)

@pytest.mark.parametrize("kind", ["jacobian", "hessian", "vjp", "jvp", "vhp", "hvp"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functional(kind, name):
    matrix = kind in ("jacobian", "hessian")
    for options in OPTIONS + [{"vectorize": True}] * matrix:
        for vector in ["none"] if matrix else VECTORS:
            for requires_grad in (False, True):
                def run(m):
                    return functional(m, kind, name, options, requires_grad,
                                      **({} if matrix else {"v": VECTORS[vector](m)}))
                ours, theirs = outcome(run, en), outcome(run, torch)
                assert same(ours, theirs), (options, vector, requires_grad, ours, theirs)


def test_gradients_in_a_batch():
    def run(m):
        x = m.tensor([1.0, 2.0], requires_grad=True)
        y = x ** 2
        twice = m.autograd.grad(y, x, m.eye(2), is_grads_batched=True, retain_graph=True)
        unused = m.autograd.grad([y, x * 1], [x], [m.eye(2), m.ones(2, 2)], is_grads_batched=True)
        return twice, unused
    assert same(outcome(run, en), outcome(run, torch))


def test_a_checkpoint_keeps_less_and_frees_all():
    "No holder, frame or value is left when the graph is gone."
    import gc
    from edunets.utils import checkpoint as module
    gc.disable()
    try:
        x = en.ones(4, requires_grad=True)
        module.checkpoint(lambda x: x.sin().exp(), x, use_reentrant=False).sum().backward()
        module.checkpoint(lambda x: x.sin().exp(), x, use_reentrant=False)
        assert not [o for o in gc.get_objects() if isinstance(o, (module.Frame, module.Holder))]
    finally: gc.enable()
