"""Samples of reading at the places of a grid. In it and its places, rounded to quarters, no place lies on
a border."""
IMAGE = "(m.arange(24.).reshape(1, 2, 3, 4) * 0.7).sin()"
DOUBLE = "(m.arange(24., dtype=m.float64).reshape(1, 2, 3, 4) * 0.7).sin()"
VOLUME = "(m.arange(48.).reshape(1, 2, 2, 3, 4) * 0.7).sin()"
GRID = "((m.arange(24.).reshape(1, 4, 3, 2) * 1.3).cos() * 1.6)"
PLACES = "((m.arange(36.).reshape(1, 2, 2, 3, 3) * 1.3).cos() * 1.6)"
THETA = "m.tensor([[[0.9, -0.3, 0.1], [0.2, 1.1, -0.4]]])"


def sample(*arguments): return [f"m.nn.functional.grid_sample({given})" for given in arguments]
def places(*arguments): return [f"m.nn.functional.affine_grid({given})" for given in arguments]


NAMES = {
    "nn.functional.grid_sample": sample(*[f"{IMAGE}, {GRID}, {mode!r}, {outside!r}, {align}"
                                          for mode in ("bilinear", "nearest", "bicubic")
                                          for outside in ("zeros", "border", "reflection")
                                          for align in (True, False)],
                                        *[f"{VOLUME}, {PLACES}, {mode!r}, {outside!r}, {align}"
                                          for mode in ("bilinear", "nearest")
                                          for outside in ("zeros", "border", "reflection")
                                          for align in (True, False)],
        f"{IMAGE}, {GRID}", f"{DOUBLE}, {GRID.replace('24.', '24., dtype=m.float64')}, align_corners=False",
                                        f"{IMAGE}, {GRID}.double()", f"{IMAGE}, {GRID}, 'other'",
                                        f"{IMAGE}, {GRID}, 'nearest', 'other'",
                                        f"{VOLUME}, {PLACES}, 'bicubic'", f"{IMAGE}[0], {GRID}",
                                        f"{IMAGE}, {PLACES}", f"{IMAGE}, {GRID}[..., :1]",
                                        f"{IMAGE}, {GRID}.expand(2, 4, 3, 2)", f"{IMAGE}[..., :0], {GRID}"),
    "nn.functional.affine_grid": places(*[f"{THETA}, {size}, {align}"
                                          for size in ("(1, 2, 3, 4)", "[1, 1, 1, 5]",
                                                       "m.Size([1, 1, 4, 4])") for align in (True, False)],
                                        "m.tensor([[[0.9, 0.1, -0.3, 0.1], [0.2, 1.1, 0.3, -0.4], [0., 0.2, "
                                        "1., 0.5]]]), (1, 1, 2, 3, 4), False", f"{THETA}, (1, 2, 3, 4)",
                                        f"{THETA}.long(), (1, 2, 3, 4), False",
                                        f"{THETA}[0], (1, 2, 3, 4), False", f"{THETA}, (1, 2, 3), False",
                                        f"{THETA}, (1, 2, 3, 4, 5), False", f"{THETA}, (1, 2, 0, 4), False"),
}
