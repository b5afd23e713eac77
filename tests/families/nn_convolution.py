"""Layers and functions of nbs/nn/convolution.ipynb."""
from families import windows

IMAGE, FLAT = "m.arange(72.).reshape(2, 4, 3, 3).sin()", "m.arange(96.).reshape(2, 4, 12).cos()"


def renamed(name):
    return [call.replace(f"m.{name}(", f"m.nn.functional.{name}(") for call in windows.NAMES[name]]
def calls(name, *arguments): return [f"m.nn.functional.{name}({a})" for a in arguments]


NAMES = {
    **{f"nn.functional.{name}": renamed(name)
       for name in ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
                    "conv_transpose3d")},
    "nn.functional.conv_tbc": calls("conv_tbc", "c, m.arange(40.).reshape(2, 4, 5).sin(), v[:5]",
                                    "c, m.arange(40.).reshape(2, 4, 5).sin(), v[:5], 1",
                                    "c, m.arange(40.).reshape(2, 4, 5).sin(), v[:5], pad=2",
                                    "c, m.ones(2, 3, 5), v[:5]", "c, m.ones(2, 4, 5), v[:4]",
                                    "x, m.ones(2, 4, 5), v[:5]", "c, m.ones(2, 4), v[:5]",
                                    "c, m.ones(9, 4, 5), v[:5]", "c, m.ones(2, 4, 5).double(), v[:5]"),
    "nn.functional.unfold": calls("unfold", f"{IMAGE}, 2", f"{IMAGE}, (2, 1)", f"{IMAGE}, 2, 2",
                                  f"{IMAGE}, 2, padding=1, stride=2", f"{IMAGE}[0], 3",
                                  f"{IMAGE}, 2, 1, (1, 0), (2, 1)", f"{IMAGE}, 4", f"{IMAGE}, 0",
                                  f"{IMAGE}, 2, stride=0", f"{IMAGE}, 2, padding=-1", "c, 2", "x, 2",
                                  f"{IMAGE}[:0], 2", f"{IMAGE}[:, :0], 2", f"{IMAGE}, (1, 2, 3)"),
    "nn.functional.fold": calls("fold", f"{FLAT}, (4, 5), 2", f"{FLAT}[0], (4, 5), (2, 2)",
                                f"{FLAT}[:, :, :4], 3, 2", f"{FLAT}[:, :, :4], 3, 2, 2, 1, 1",
                                f"{FLAT}[:, :, :4], (4, 4), 2, stride=2",
                                f"{FLAT}[:, :, :9], 4, (2, 2), padding=1, stride=2", f"{FLAT}, (4, 4), 2",
                                f"{FLAT}, (4, 5), 3", f"{FLAT}, 1, 2", f"{FLAT}, (4, 5), 2, stride=0",
                                "v, (4, 5), 2", f"{FLAT}[:0], (4, 5), 2"),
    "nn.functional.pad": calls("pad", "c, (1, 2)", "c, (1, -1, 0, 2)", "c, (0, 0)", "c, (-1, -1)", "c, ()",
                               "c, (1, 1), 'constant', 7.5", "i, (1, 1), value=2", "c, (1, 2), 'reflect'",
                               "c, (2, 1, 1, 2), 'reflect'", "c, (3, 1), 'replicate'",
                               "c, (1, 0, 2, 2), mode='replicate'", "c, (4, 1), 'circular'",
                               "c, (-1, 1), 'circular'", "c, (-1, 1), 'replicate'", "c, (-1, -1), 'reflect'",
                               "c, (4, 0), 'reflect'", "c, (5, 0), 'circular'", "c, (1, 1), 'reflect', 2.",
                               "c, (1, 1), 'constant', 0", "c, (1,)", "c, (1, 1, 1, 1, 1, 1, 1, 1)",
                               "c, (-3, -3)", "c[:, :, :0], (1, 1), 'replicate'",
                               "c[:, :0], (1, 1), 'circular'", "c, (1, 1), 'other'", "q, (1, 1)", "v, (1, 1)",
                               "s, (1, 1)", "c, (-5, 1), 'circular'", "c[:0], (1, 1), 'reflect'"),
    "nn.functional.pixel_shuffle": calls("pixel_shuffle", f"{IMAGE}, 2", f"{IMAGE}[0], 2", f"{IMAGE}, 1",
                                         f"{IMAGE}, 3", f"{IMAGE}, 0", "x, 1",
                                         f"{IMAGE}.reshape(1, 2, 4, 3, 3), 2", f"{IMAGE}[:0], 2"),
    "nn.functional.pixel_unshuffle": calls("pixel_unshuffle", f"{IMAGE}, 3", f"{IMAGE}[0], 3", f"{IMAGE}, 1",
                                           f"{IMAGE}, 2", f"{IMAGE}, -1", "x, 1", f"{IMAGE}[:0], 3"),
    "nn.functional.channel_shuffle": calls("channel_shuffle", f"{IMAGE}, 2", f"{IMAGE}, 4", "c, 3",
                                           f"{IMAGE}, 3", f"{IMAGE}, 0", "x, 1", f"{IMAGE}[:0], 2"),
}
DIFFERENCES = [(r"nn.functional.unfold\(x, 2\): raises RuntimeError",
                "PyTorch counts the dimensions only after it has asked for the third; edunets has one class "
                "for all inputs of a wrong shape."),
               (r"pixel_unshuffle\(.*\[:0\], 3\): shape \(0, 36, 1, 1\)",
                "PyTorch leaves an empty batch as it is; edunets gives it the shape that a "
                "full one would have.")]

MODULES = {
    "Conv1d": [f"m.nn.Conv1d({a}) | f(r(2, 4, 7))"
               for a in ("4, 6, 3", "4, 6, (3,), 2, 1", "4, 6, 3, stride=2, padding=2, dilation=2, groups=2",
                         "4, 6, 3, bias=False", "4, 6, 2, padding='same'", "4, 6, 3, padding='valid'",
                         "4, 6, 4, padding='same', dilation=2", "4, 6, 3, 1, 2, padding_mode='reflect'",
                         "4, 6, 3, 1, 2, padding_mode='replicate'",
                         "4, 6, 3, 1, (2,), padding_mode='circular'",
                         "4, 6, 2, padding='same', padding_mode='circular'",
                         "4, 6, 3, padding='valid', padding_mode='reflect'", "4, 4, 3, groups=4", "3, 6, 3",
                         "4, 6, 8", "4, 6, 3, dtype=m.float64", "4, 6, 3, 1, 0, 1, 2, True, 'zeros', 'cpu'")]
              + ["m.nn.Conv1d(4, 6, 3) | f(r(4, 7))",
                 "m.nn.Conv1d(4, 6, 3, padding=1, padding_mode='circular') | f(r(4, 7))",
                 "m.nn.Conv1d(4, 6, 3) | f(r(2, 4, 7, 1))",
                 "m.nn.Conv1d(4, 6, 3) | f(r(2, 4, 7).double())",
                 "m.nn.Conv1d(4, 6, 3) | f(r(0, 4, 7))",
                 "m.nn.Conv1d(4, 6, 3) | f.grad_fn",
                 "m.nn.Conv1d(4, 6, 3) | f(r(2, 4, 7)).grad_fn.name()",
                 "m.nn.Conv1d(4, 6, 3, groups=3) | 1",
                 "m.nn.Conv1d(3, 4, 3, groups=3) | 1",
                 "m.nn.Conv1d(4, 6, 3, groups=0) | 1",
                 "m.nn.Conv1d(4, 6, 3, padding='other') | 1",
                 "m.nn.Conv1d(4, 6, 3, 2, padding='same') | 1",
                 "m.nn.Conv1d(4, 6, 3, padding_mode='other') | 1",
                 "m.nn.Conv1d(4, 6, 3, stride=0) | f(r(2, 4, 7))",
                 "m.nn.Conv1d(4, 6, (3, 2)) | f(r(2, 4, 7))"],
    "Conv2d": [f"m.nn.Conv2d({a}) | f(r(2, 4, 6, 7))"
               for a in ("4, 6, 3", "4, 6, (3, 2), (2, 1), (1, 0)", "4, 6, 3, 2, 1, 2, 2",
                         "4, 6, 3, 1, 1, (1, 2), bias=False", "4, 6, (2, 3), padding='same'",
                         "4, 6, (4, 3), padding='same', dilation=(1, 2)", "4, 6, 3, padding='valid'",
                         "4, 8, 3, groups=4", "4, 6, 1", "4, 6, 3, 2, (2, 1), padding_mode='reflect'",
                         "4, 6, 3, 2, (2, 1), padding_mode='replicate'",
                         "4, 6, 3, 2, (2, 1), padding_mode='circular'",
                         "4, 6, (2, 3), padding='same', padding_mode='reflect'",
                         "4, 6, 3, padding=6, padding_mode='reflect'", "4, 6, (7, 2)", "3, 6, 3",
                         "4, 6, 3, dtype=m.float64", "4, 6, (3,)", "4, 6, [3, 2], [1, 2]", "4, 0, 3",
                         "4, 6, (6, 7)")]
              + ["m.nn.Conv2d(4, 6, 3) | f(r(4, 6, 7))",
                 "m.nn.Conv2d(4, 6, 3, padding=1, padding_mode='replicate') | f(r(4, 6, 7))",
                 "m.nn.Conv2d(4, 6, 3) | f(r(6, 7))",
                 "m.nn.Conv2d(4, 6, 3) | f.eval(); f(r(2, 4, 6, 7))",
                 "m.nn.Conv2d(4, 6, 3) | f.stride, f.padding, f.kernel_size, f.dilation, f.groups, "
                 "f.output_padding, f.transposed, f.padding_mode",
                 "m.nn.Conv2d(4, 6, 3, padding='same') | f.padding",
                 "m.nn.Conv2d(4, 6, 3).double() | f(r(2, 4, 6, 7))"],
    "Conv3d": [f"m.nn.Conv3d({a}) | f(r(1, 2, 4, 5, 4))"
               for a in ("2, 4, 3", "2, 4, (3, 2, 1), (1, 2, 1), (1, 0, 2)", "2, 4, 2, 2, 1, 2, 2",
                         "2, 4, 3, padding='same', bias=False", "2, 4, 3, padding=1, padding_mode='circular'",
                         "2, 4, 3, padding=1, padding_mode='replicate'",
                         "2, 4, (2, 3, 3), padding='same', padding_mode='reflect'", "2, 4, 6",
                         "2, 4, 3, dtype=m.float64")] + ["m.nn.Conv3d(2, 4, 3) | f(r(2, 4, 5, 4))"],
    "ConvTranspose1d": [f"m.nn.ConvTranspose1d({a}) | f(r(2, 4, 5))"
                        for a in ("4, 6, 3", "4, 6, 3, 2, 1, 1",
                                  "4, 6, 3, stride=2, padding=2, dilation=2, groups=2", "4, 6, 3, bias=False",
                                  "4, 6, 3, 1, 0, 1, dilation=3", "4, 6, 3, 2, output_padding=2", "3, 6, 3",
                                  "4, 6, 3, dtype=m.float64", "4, 6, 3, padding_mode='reflect'",
                                  "4, 6, 3, groups=3", "4, 6, 2, padding=3", "4, 4, 3, 3, 0, 0, 4")]
                       + [f"m.nn.ConvTranspose1d(4, 6, 3, stride=3, padding=1) | f(r(2, 4, 5), {size})"
                          for size in ("[13]", "(15,)", "m.ones(2, 6, 14).shape", "[16]", "[12]", "[1, 13]",
                                       "output_size=[14]")]
    + ["m.nn.ConvTranspose1d(4, 6, 3, stride=3, padding=1) | f(r(4, 5), [14])",
       "m.nn.ConvTranspose1d(4, 6, 3) | f(r(4, 5))"],
    "ConvTranspose2d": [f"m.nn.ConvTranspose2d({a}) | f(r(2, 4, 3, 4))"
                        for a in ("4, 6, 3", "4, 6, (3, 2), (2, 1), (1, 0)", "4, 6, 3, 2, 1, 1, 2",
                                  "4, 6, 3, 2, 1, (1, 0), bias=False, dilation=(1, 2)", "4, 6, 2, 2",
                                  "4, 8, 4, 2, 1, groups=4", "4, 6, 3, 1, 0, (0, 1), dilation=2",
                                  "4, 6, 3, 2, output_padding=2", "4, 6, 3, dtype=m.float64",
                                  "4, 6, 3, padding_mode='circular'", "4, 6, 3, 1, 4")]
                       + ["m.nn.ConvTranspose2d(4, 6, 3, 2, 1) | f(r(2, 4, 3, 4), output_size=(6, 7))",
                          "m.nn.ConvTranspose2d(4, 6, 3, 2, 1) | f(r(2, 4, 3, 4), "
                          "output_size=m.ones(2, 6, 5, 8).size())",
                          "m.nn.ConvTranspose2d(4, 6, 3, 2, 1) | f(r(2, 4, 3, 4), output_size=(5, 9))",
                          "m.nn.ConvTranspose2d(4, 6, 3) | f(r(4, 3, 4))",
                          "m.nn.ConvTranspose2d(4, 6, 3) | f(r(3, 4))",
                          "m.nn.ConvTranspose2d(4, 6, 3) | f(r(0, 4, 3, 4))"],
    "ConvTranspose3d": [f"m.nn.ConvTranspose3d({a}) | f(r(1, 2, 2, 3, 2))"
                        for a in ("2, 4, 3", "2, 4, (3, 2, 1), (1, 2, 1), (1, 0, 0)", "2, 4, 2, 2, 1, 1, 2",
                                  "2, 4, 3, bias=False, dilation=2")]
    + ["m.nn.ConvTranspose3d(2, 4, 3, 2) | f(r(1, 2, 2, 3, 2), [6, 7, 5])"],
    "Unfold": [f"m.nn.Unfold({a}) | f(r(2, 3, 5, 6))"
               for a in ("2", "(2, 3), dilation=2, padding=1, stride=(2, 1)", "3, 1, 0, 2", "7")]
    + ["m.nn.Unfold(2) | f(r(3, 5, 6))", "m.nn.Unfold(2) | f(r(5, 6))"],
    "Fold": ["m.nn.Fold((4, 5), 2) | f(r(2, 12, 12))",
             "m.nn.Fold((4, 5), (2, 2), padding=1, stride=2) | f(r(2, 12, 9))",
             "m.nn.Fold(5, 2, dilation=2) | f(r(8, 9))",
             "m.nn.Fold((4, 5), 2) | f(r(2, 12, 11))"],
    "Flatten": ["m.nn.Flatten() | f(r(2, 3, 4))",
                "m.nn.Flatten(0, 1) | f(r(2, 3, 4))",
                "m.nn.Flatten(start_dim=2, end_dim=3) | f(r(2, 3, 4))",
                "m.nn.Flatten() | f(r(3))"],
    "Unflatten": ["m.nn.Unflatten(1, (2, 3)) | f(r(2, 6))",
                  "m.nn.Unflatten(-1, [2, -1]) | f(r(2, 6))",
                  "m.nn.Unflatten(1, (2, 2)) | f(r(2, 6))",
                  "m.nn.Unflatten(1, 6) | 1",
                  "m.nn.Unflatten(1, (2, 3.)) | 1",
                  "m.nn.Unflatten('c', (('a', 2), ('b', 3))) | 1",
                  "m.nn.Unflatten(1, m.Size((2, 3))) | f(r(2, 6))"],
    "PixelShuffle": ["m.nn.PixelShuffle(2) | f(r(2, 8, 3, 2))",
                     "m.nn.PixelShuffle(3) | f(r(9, 3, 2))",
                     "m.nn.PixelShuffle(3) | f(r(2, 8, 3, 2))"],
    "PixelUnshuffle": ["m.nn.PixelUnshuffle(2) | f(r(2, 2, 4, 6))",
                       "m.nn.PixelUnshuffle(3) | f(r(1, 3, 6))",
                       "m.nn.PixelUnshuffle(2) | f(r(2, 2, 3, 6))"],
    "ChannelShuffle": ["m.nn.ChannelShuffle(2) | f(r(2, 6, 3, 2))",
                       "m.nn.ChannelShuffle(3) | f(r(2, 6, 3))",
                       "m.nn.ChannelShuffle(4) | f(r(2, 6, 3, 2))"],
    **{f"{kind}{n}d": [f"m.nn.{kind}{n}d({a}{value}) | f(r({', '.join(map(str, shape))}))" for value in values
                       for a in ("1", str((1, 2, 0, 1, 2, 1)[:2 * n]), str((0, -1, 1, 0, 0, 0)[:2 * n]), "4")
                       for shape in ((2, 3, 4, 5, 4)[:2 + n], (3, 4, 5, 4)[:1 + n], (4, 4, 4)[:n])]
       for kind, values in {"ZeroPad": [""],
                            "ConstantPad": [", 2.5", ", value=-1"],
                            "ReflectionPad": [""],
                            "ReplicationPad": [""],
                            "CircularPad": [""]}.items() for n in (1, 2, 3)},
}
MODULE_DIFFERENCES = [(r"nn.Unfold\(2\) \| f\(r\(5, 6\)\): raises RuntimeError",
                       "PyTorch counts the dimensions only after it has asked for the third; edunets has one "
                       "class for all inputs of a wrong shape.")]
