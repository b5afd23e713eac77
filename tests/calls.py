"""Sample calls as text, for a whole kind of name: tried on every kind of input of beside.INPUTS."""
PAIRS = "x,y x,s s,x x,2 x,-1.5 x,True t,x w,x x,x[0] x,x[:,:1] e,e z,z e,s n,n n,s d,h x,d[:3] i,2 i,2.5 i,i i,k j,i i,s u,u u,2 u,j[:1] b,b b,True b,2 b,1.5 k,k k,s i,d".split()
INTEGERS = "i,i i,2 j,j u,u b,b b,True i,b[:1] k,i u,j[:1] g,1 e.long(),i[:0]".split()


def unary(name):
    return ([code for a in "vxsenzdhijubktwp"
             for code in (f"m.{name}({a})", f"{a}.{name}()", f"{a}.{name}_(); {a}")]
            + [f"m.{name}(x, out=m.zeros(2, 3))", f"m.{name}(v, out=m.zeros(0))",
               f"m.{name}(x, out=m.zeros(3, 2).t())", f"o = m.empty(2, 3); m.{name}(x, out=o) is o"])


def binary(name, pairs=PAIRS):
    return ([code for pair in pairs for a, b in [pair.split(",", 1)]
             for code in (f"m.{name}({a}, {b})", f"{a}.{name}({b})", f"{a}.{name}_({b}); {a}")]
            + [f"m.{name}({pairs[0]}, out=m.{name}({pairs[0]}) * 0)",
               f"m.{name}({pairs[0]}, out=m.zeros(0, dtype=m.{name}({pairs[0]}).dtype))"])


def reduction(name, dims=("dim=(0, 1)", "(0, -1)", "dim=(0, 2), keepdim=True")):
    on_all = [f"{a}.{name}({dim})" for a in "vxsenzdhijubktwp"
              for dim in ("", "0", "-1", "dim=0, keepdim=True")]
    return (on_all
            + [f"{a}.{name}({dim})" for a in ("c", "c.long()", "c[:, :0]")
               for dim in ("1", "-2", "3", "-4", "dim=1, keepdim=True", *dims)]
            + [f"m.{name}(x)", f"m.{name}(c, 1)"])


def along(name):
    return ([f"m.{name}({a}, dim={dim})" for a in "vxsezdijubktwpc" for dim in (0, -1)]
            + [f"c.{name}({dim})" for dim in (1, -2, 3)])
