"""Programs as users write them after PyTorch's tutorials, run as text on both: in the import lines `torch` becomes `edunets`, and nothing else.

Numbers come from NumPy, and `start` fills a model with them, since the libraries draw other random numbers from the same seed.
Each program leaves what is compared in `result`."""
import re
import textwrap

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import beside
import edunets

SNIPPETS = {}


def snippet(text):
    """Keep a program under the name in its first line."""
    name, _, code = textwrap.dedent(text).strip().partition("\n")
    SNIPPETS[name.removeprefix("# ")] = code


def to_edunets(code):
    return re.sub(r"(?m)^(\s*(?:import|from) .*)$", lambda line: re.sub(r"\btorch\b", "edunets", line[0]),
                  code)


def run(lib, code, folder):
    draws = np.random.default_rng(0)

    def start(model):
        with lib.no_grad():
            for p in model.parameters():
                p.copy_(lib.tensor(draws.uniform(-0.5, 0.5, tuple(p.shape)).astype("float32")))
        return model

    scope = {"__name__": "snippet", "np": np, "draws": draws, "start": start, "folder": folder}
    exec(code if lib is torch else to_edunets(code).replace("import edunets\n", "import edunets as torch\n"),
         scope)
    return scope["result"]


snippet("""
    # quickstart
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    images = draws.random((80, 1, 6, 6), dtype="float32")
    labels = images.sum((1, 2, 3)) > 18
    training_data = TensorDataset(torch.tensor(images), torch.tensor(labels).long())
    train_dataloader = DataLoader(training_data, batch_size=16)

    for X, y in train_dataloader:
        shapes = [X.shape, y.shape, y.dtype == torch.int64]
        break

    class NeuralNetwork(nn.Module):
        def __init__(self):
            super().__init__()
            self.flatten = nn.Flatten()
            self.linear_relu_stack = nn.Sequential(
                nn.Linear(6 * 6, 12),
                nn.ReLU(),
                nn.Linear(12, 12),
                nn.ReLU(),
                nn.Linear(12, 2),
            )

        def forward(self, x):
            x = self.flatten(x)
            logits = self.linear_relu_stack(x)
            return logits

    model = start(NeuralNetwork()).to("cpu")
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)

    def train(dataloader, model, loss_fn, optimizer):
        size = len(dataloader.dataset)
        model.train()
        said = []
        for batch, (X, y) in enumerate(dataloader):
            pred = model(X)
            loss = loss_fn(pred, y)

            loss.backward()
            optimizer.step()
            optimizer.zero_grad()

            if batch % 2 == 0:
                loss, current = loss.item(), (batch + 1) * len(X)
                said.append(f"loss: {loss:>5.3f}  [{current:>5d}/{size:>5d}]")
        return said

    def test(dataloader, model, loss_fn):
        model.eval()
        test_loss, correct = 0, 0
        with torch.no_grad():
            for X, y in dataloader:
                pred = model(X)
                test_loss += loss_fn(pred, y).item()
                correct += (pred.argmax(1) == y).type(torch.float).sum().item()
        return test_loss / len(dataloader), correct / len(dataloader.dataset)

    said = [train(train_dataloader, model, loss_fn, optimizer) for t in range(3)]
    result = shapes, str(model), said, test(train_dataloader, model, loss_fn), list(model.state_dict().items())
""")

snippet("""
    # tensors
    import torch

    np_array = draws.random((4, 4), dtype="float32")
    x_np = torch.from_numpy(np_array)
    x_ones = torch.ones_like(x_np)
    tensor = torch.ones(4, 4)
    tensor[:, 1] = 0
    t1 = torch.cat([tensor, tensor, x_np], dim=1)
    y1 = tensor @ x_np.T
    y2 = tensor.matmul(x_np.T)
    y3 = torch.empty_like(y1)
    torch.matmul(tensor, x_np.T, out=y3)
    z = tensor * x_np
    agg = z.sum().item()
    x_np.add_(5)
    t = torch.ones(5)
    n = t.numpy()
    np.add(n, 1, out=n)
    result = (x_ones, t1, y1, y2, y3, z, agg, type(agg).__name__, np_array.tolist(), t, tensor.shape, str(tensor.dtype), str(tensor.device),
              f"First row: {tensor[0]}", f"Last column: {tensor[..., -1]}", repr(x_ones))
""")

snippet("""
    # autograd
    import torch

    a = torch.tensor([2., 3.], requires_grad=True)
    b = torch.tensor([6., 4.], requires_grad=True)
    Q = 3 * a ** 3 - b ** 2
    external_grad = torch.tensor([1., 1.])
    Q.backward(gradient=external_grad)
    checked = 9 * a ** 2 == a.grad

    inp = torch.eye(4, 5, requires_grad=True)
    out = (inp + 1).pow(2).t()
    out.backward(torch.ones_like(out), retain_graph=True)
    first = inp.grad.clone()
    out.backward(torch.ones_like(out), retain_graph=True)
    second = inp.grad.clone()
    inp.grad.zero_()
    out.backward(torch.ones_like(out))

    x = torch.tensor(draws.random(5), requires_grad=True)
    y = (x * 2).detach()
    with torch.no_grad():
        z = x * 2
    (dx,) = torch.autograd.grad((x ** 3).sum(), x, create_graph=True)
    (ddx,) = torch.autograd.grad(dx.sum(), x)
    result = (Q, Q.grad_fn.name(), a.grad, b.grad, checked, first, second, inp.grad, y.requires_grad, z.requires_grad, dx, ddx, repr(Q))
""")

snippet("""
    # a function with a backward of its own
    import math
    import torch

    class LegendrePolynomial3(torch.autograd.Function):
        @staticmethod
        def forward(ctx, input):
            ctx.save_for_backward(input)
            return 0.5 * (5 * input ** 3 - 3 * input)

        @staticmethod
        def backward(ctx, grad_output):
            input, = ctx.saved_tensors
            return grad_output * 1.5 * (5 * input ** 2 - 1)

    dtype = torch.float
    device = torch.device("cpu")
    x = torch.linspace(-math.pi, math.pi, 200, device=device, dtype=dtype)
    y = torch.sin(x)
    a = torch.full((), 0.0, device=device, dtype=dtype, requires_grad=True)
    b = torch.full((), -1.0, device=device, dtype=dtype, requires_grad=True)
    c = torch.full((), 0.0, device=device, dtype=dtype, requires_grad=True)
    d = torch.full((), 0.3, device=device, dtype=dtype, requires_grad=True)
    learning_rate = 5e-6
    for t in range(50):
        P3 = LegendrePolynomial3.apply
        y_pred = a + b * P3(c + d * x)
        loss = (y_pred - y).pow(2).sum()
        loss.backward()
        with torch.no_grad():
            for p in (a, b, c, d):
                p -= learning_rate * p.grad
                p.grad = None
    result = loss.item(), a, b, c, d
""")

snippet("""
    # a polynomial by nn and optim
    import math
    import torch

    x = torch.linspace(-math.pi, math.pi, 100)
    y = torch.sin(x)
    p = torch.tensor([1, 2, 3])
    xx = x.unsqueeze(-1).pow(p)
    model = start(torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1)))
    loss_fn = torch.nn.MSELoss(reduction="sum")
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for t in range(30):
        y_pred = model(xx)
        loss = loss_fn(y_pred, y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    linear_layer = model[0]
    result = losses, linear_layer.bias, linear_layer.weight[:, 0], optimizer.state_dict()["param_groups"][0]["lr"]
""")

snippet("""
    # a small convolutional network
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
    import torch.optim as optim

    class Net(nn.Module):
        def __init__(self):
            super(Net, self).__init__()
            self.conv1 = nn.Conv2d(1, 6, 5)
            self.conv2 = nn.Conv2d(6, 16, 5)
            self.fc1 = nn.Linear(16 * 5 * 5, 120)
            self.fc2 = nn.Linear(120, 84)
            self.fc3 = nn.Linear(84, 10)

        def forward(self, x):
            x = F.max_pool2d(torch.tanh(self.conv1(x)), (2, 2))
            x = F.max_pool2d(torch.tanh(self.conv2(x)), 2)
            x = torch.flatten(x, 1)
            x = F.gelu(self.fc1(x))
            x = F.gelu(self.fc2(x))
            return self.fc3(x)

    net = start(Net())
    params = list(net.parameters())
    input = torch.tensor(draws.standard_normal((2, 1, 32, 32)), dtype=torch.float32)
    out = net(input)
    net.zero_grad()
    target = torch.tensor(draws.standard_normal(10), dtype=torch.float32).view(1, -1)
    loss = nn.MSELoss()(out, target.expand_as(out))
    names = loss.grad_fn.name(), loss.grad_fn.next_functions[0][0].name()
    loss.backward()
    before = net.conv1.bias.grad.clone()
    optimizer = optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
    for i in range(2):
        optimizer.zero_grad()
        nn.MSELoss()(net(input), target.expand_as(out)).backward()
        optimizer.step()
    _, predicted = torch.max(net(input).data, 1)
    result = len(params), params[0].size(), names, out, loss, before, net.conv1.bias, predicted, repr(net)
""")

snippet("""
    # a dataset of one's own, with a transform, split and batched
    import torch
    from torch.utils.data import Dataset, DataLoader, Subset, random_split

    class Landmarks(Dataset):
        def __init__(self, n, transform=None):
            self.points = draws.random((n, 2, 2))
            self.transform = transform

        def __len__(self):
            return len(self.points)

        def __getitem__(self, idx):
            if torch.is_tensor(idx):
                idx = idx.tolist()
            sample = {"image": self.points[idx], "landmarks": self.points[idx].sum(), "number": idx, "name": f"face-{idx}"}
            if self.transform:
                sample = self.transform(sample)
            return sample

    class ToTensor(object):
        def __call__(self, sample):
            return {**sample, "image": torch.from_numpy(sample["image"]).float()}

    faces = Landmarks(10, transform=ToTensor())
    batches = [batch for batch in DataLoader(faces, batch_size=4, shuffle=False, num_workers=0)]
    train, valid = random_split(faces, [0.7, 0.3])
    seen = sorted(int(n) for part in (train, valid) for batch in DataLoader(part, batch_size=3, shuffle=True) for n in batch["number"])
    pairs = DataLoader(Subset(faces, [1, 3, 5]), batch_size=2, drop_last=True, collate_fn=lambda rows: torch.stack([row["image"] for row in rows]))
    result = [[batch[key] for key in ("image", "landmarks", "number", "name")] for batch in batches], len(train), len(valid), seen, len(pairs), next(iter(pairs))
""")

snippet("""
    # save, load, go on
    import torch
    from torch import nn, optim

    def make():
        model = nn.Sequential(nn.BatchNorm1d(5), nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 1))
        return model, optim.Adam(model.parameters(), lr=0.01)

    x = torch.tensor(draws.random((20, 5)), dtype=torch.float32)
    y = x.sum(1, keepdim=True)

    def steps(model, optimizer, n):
        for _ in range(n):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
        return loss.item()

    net, optimizer = make()
    loss = steps(start(net), optimizer, 3)
    path = folder / "checkpoint.pt"
    torch.save({"epoch": 3, "model_state_dict": net.state_dict(), "optimizer_state_dict": optimizer.state_dict(), "loss": loss}, path)

    other, other_optimizer = make()
    checkpoint = torch.load(path, weights_only=True)
    other.load_state_dict(checkpoint["model_state_dict"])
    other_optimizer.load_state_dict(checkpoint["optimizer_state_dict"])
    kept = {k: v for k, v in net.state_dict().items() if not k.startswith("3")}
    missing = make()[0].load_state_dict(kept, strict=False)
    result = checkpoint["epoch"], loss, steps(net, optimizer, 2), steps(other, other_optimizer, 2), list(other.state_dict().items()), missing.missing_keys
""")

snippet("""
    # transfer: a frozen body, a new head
    import torch
    import torch.nn as nn
    import torch.optim as optim
    from torch.optim import lr_scheduler

    class Pretrained(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Softplus(), nn.AdaptiveAvgPool2d((2, 2)), nn.Flatten())
            self.fc = nn.Linear(16, 100)
        def forward(self, x): return self.fc(self.body(x))

    model = start(Pretrained())
    for param in model.parameters():
        param.requires_grad = False
    num_ftrs = model.fc.in_features
    model.fc = nn.Linear(num_ftrs, 3)
    start(model.fc)
    frozen = model.body[0].weight.clone()
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer_conv = optim.SGD(filter(lambda p: p.requires_grad, model.parameters()), lr=0.1, momentum=0.9)
    exp_lr_scheduler = lr_scheduler.StepLR(optimizer_conv, step_size=2, gamma=0.1)
    inputs = torch.tensor(draws.standard_normal((12, 1, 8, 8)), dtype=torch.float32)
    labels = torch.arange(12) % 3
    losses, rates = [], []
    for epoch in range(5):
        optimizer_conv.zero_grad()
        with torch.set_grad_enabled(True):
            outputs = model(inputs)
            _, preds = torch.max(outputs, 1)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer_conv.step()
        rates.append(exp_lr_scheduler.get_last_lr())
        exp_lr_scheduler.step()
        losses.append(loss.item() * inputs.size(0))
    corrects = torch.sum(preds == labels.data)
    total = sum(p.numel() for p in model.parameters() if p.requires_grad)
    result = losses, rates, corrects, corrects.double() / 12, total, torch.equal(frozen, model.body[0].weight), model.body[0].weight.grad, model.body[1].running_mean, model.fc.weight
""")

snippet("""
    # schedules
    import torch
    from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LinearLR, OneCycleLR, ReduceLROnPlateau, SequentialLR

    def rates(make, feed=None):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
        scheduler = make(optimizer)
        seen = []
        for epoch in range(12):
            optimizer.step()
            scheduler.step(*([] if feed is None else [feed[epoch]]))
            seen.append(optimizer.param_groups[0]["lr"])
        return seen

    warm = lambda o: SequentialLR(o, [LinearLR(o, start_factor=0.1, total_iters=4), CosineAnnealingLR(o, T_max=8)], milestones=[4])
    result = [rates(lambda o: LambdaLR(o, lambda epoch: 0.95 ** epoch)), rates(lambda o: CosineAnnealingLR(o, T_max=10, eta_min=0.01)),
              rates(lambda o: OneCycleLR(o, max_lr=1.0, total_steps=13)), rates(lambda o: ReduceLROnPlateau(o, mode="min", factor=0.5, patience=2), [3, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1]), rates(warm)]
""")

snippet("""
    # groups without decay, clipped gradients
    import torch
    from torch import nn
    from torch.nn.utils import clip_grad_norm_

    model = start(nn.Sequential(nn.Linear(8, 16), nn.LayerNorm(16), nn.SiLU(), nn.Linear(16, 2)))
    decay = [p for n, p in model.named_parameters() if p.dim() > 1]
    no_decay = [p for n, p in model.named_parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW([
        {"params": decay, "weight_decay": 0.1},
        {"params": no_decay, "weight_decay": 0.0, "lr": 0.02},
    ], lr=0.01, betas=(0.9, 0.95))
    x = torch.tensor(draws.standard_normal((10, 8)), dtype=torch.float32)
    norms = []
    for step in range(4):
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.mse_loss(model(x) * 10, x[:, :2])
        loss.backward()
        norms.append(clip_grad_norm_(model.parameters(), max_norm=1.0))
        optimizer.step()
    nn.utils.clip_grad_value_(model.parameters(), clip_value=0.01)
    result = norms, [group["weight_decay"] for group in optimizer.param_groups], list(model.parameters()), max(p.grad.abs().max().item() for p in model.parameters())
""")

snippet("""
    # words: an embedding, an LSTM, a tag for each
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
    import torch.optim as optim

    training_data = [("the dog ate the apple".split(), ["DET", "NN", "V", "DET", "NN"]), ("everybody read that book".split(), ["NN", "V", "DET", "NN"])]
    word_to_ix, tag_to_ix = {}, {"DET": 0, "NN": 1, "V": 2}
    for sent, tags in training_data:
        for word in sent:
            if word not in word_to_ix:
                word_to_ix[word] = len(word_to_ix)

    def prepare_sequence(seq, to_ix):
        return torch.tensor([to_ix[w] for w in seq], dtype=torch.long)

    class LSTMTagger(nn.Module):
        def __init__(self, embedding_dim, hidden_dim, vocab_size, tagset_size):
            super(LSTMTagger, self).__init__()
            self.hidden_dim = hidden_dim
            self.word_embeddings = nn.Embedding(vocab_size, embedding_dim)
            self.lstm = nn.LSTM(embedding_dim, hidden_dim)
            self.hidden2tag = nn.Linear(hidden_dim, tagset_size)

        def forward(self, sentence):
            embeds = self.word_embeddings(sentence)
            lstm_out, _ = self.lstm(embeds.view(len(sentence), 1, -1))
            return F.log_softmax(self.hidden2tag(lstm_out.view(len(sentence), -1)), dim=1)

    model = start(LSTMTagger(6, 6, len(word_to_ix), len(tag_to_ix)))
    loss_function = nn.NLLLoss()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for epoch in range(10):
        for sentence, tags in training_data:
            model.zero_grad()
            loss = loss_function(model(prepare_sequence(sentence, word_to_ix)), prepare_sequence(tags, tag_to_ix))
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    with torch.no_grad():
        tag_scores = model(prepare_sequence(training_data[0][0], word_to_ix))
    values, indices = tag_scores.topk(1)
    result = losses, tag_scores, values, indices, tag_scores.exp().sum(1)
""")

snippet("""
    # attention with a causal mask
    import math
    import torch
    import torch.nn as nn
    import torch.nn.functional as F

    class Block(nn.Module):
        def __init__(self, width, heads):
            super().__init__()
            self.heads = heads
            self.c_attn = nn.Linear(width, 3 * width, bias=False)
            self.ln, self.mlp = nn.LayerNorm(width), nn.ModuleList([nn.Linear(width, 4 * width), nn.Linear(4 * width, width)])
            self.register_buffer("mask", torch.tril(torch.ones(16, 16)).view(1, 1, 16, 16))

        def forward(self, x):
            B, T, C = x.size()
            q, k, v = self.c_attn(self.ln(x)).split(C, dim=2)
            q, k, v = (t.view(B, T, self.heads, C // self.heads).transpose(1, 2) for t in (q, k, v))
            att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
            att = F.softmax(att.masked_fill(self.mask[:, :, :T, :T] == 0, float("-inf")), dim=-1)
            by_hand = (att @ v).transpose(1, 2).contiguous().view(B, T, C)
            fused = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(B, T, C)
            x = x + fused
            return x + self.mlp[1](F.gelu(self.mlp[0](x), approximate="tanh")), (by_hand - fused).abs().max() < 1e-5

    block = start(Block(8, 2))
    idx = torch.tensor(draws.integers(0, 11, (2, 6)))
    wte = start(nn.Embedding(11, 8))
    out, agree = block(wte(idx))
    logits = out @ wte.weight.T
    loss = F.cross_entropy(logits.view(-1, logits.size(-1)), idx.roll(-1, 1).view(-1), ignore_index=-1)
    loss.backward()
    mha = start(nn.MultiheadAttention(8, 2, batch_first=True))
    attended, weights = mha(out, out, out, attn_mask=torch.triu(torch.ones(6, 6), diagonal=1).bool())
    result = loss, agree, wte.weight.grad, block.c_attn.weight.grad, attended, weights, sorted(block.state_dict())
""")

snippet("""
    # Q-learning: gathered actions, a target that follows
    import torch
    import torch.nn as nn
    import torch.optim as optim
    from collections import deque, namedtuple

    Transition = namedtuple("Transition", ("state", "action", "next_state", "reward"))
    memory = deque([], maxlen=50)
    for n in range(20):
        state, following = (torch.tensor(draws.random((1, 4)), dtype=torch.float32) for _ in range(2))
        memory.append(Transition(state, torch.tensor([[int(draws.integers(2))]]), following if n % 5 else None, torch.tensor([float(n % 3)])))

    policy_net, target_net = (nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2)) for _ in range(2))
    start(policy_net)
    target_net.load_state_dict(policy_net.state_dict())
    optimizer = optim.AdamW(policy_net.parameters(), lr=1e-2, amsgrad=True)
    losses = []
    for _ in range(5):
        batch = Transition(*zip(*memory))
        non_final_mask = torch.tensor(tuple(map(lambda s: s is not None, batch.next_state)), dtype=torch.bool)
        non_final_next_states = torch.cat([s for s in batch.next_state if s is not None])
        state_action_values = policy_net(torch.cat(batch.state)).gather(1, torch.cat(batch.action))
        next_state_values = torch.zeros(20)
        with torch.no_grad():
            next_state_values[non_final_mask] = target_net(non_final_next_states).max(1).values
        expected = (next_state_values * 0.99) + torch.cat(batch.reward)
        loss = nn.SmoothL1Loss()(state_action_values, expected.unsqueeze(1))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_value_(policy_net.parameters(), 100)
        optimizer.step()
        losses.append(loss.item())
        target_state, policy_state = target_net.state_dict(), policy_net.state_dict()
        for key in policy_state:
            target_state[key] = policy_state[key] * 0.1 + target_state[key] * 0.9
        target_net.load_state_dict(target_state)
    result = losses, list(target_net.parameters()), policy_net(memory[0].state).max(1).indices.view(1, 1)
""")

snippet("""
    # a script's first and last lines: device, workers, old types, a state saved and loaded
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")
    device = torch.accelerator.current_accelerator().type if torch.accelerator.is_available() else "cpu"
    same = torch.device("cuda:0" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu")
    dtype = torch.FloatTensor

    points = torch.from_numpy(draws.standard_normal((12, 3))).type(dtype)
    data = TensorDataset(points, (points.sum(1) > 0).type(torch.LongTensor))
    loader = DataLoader(data, batch_size=4, num_workers=2, pin_memory=True)
    model = start(nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))).type(dtype).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for x, y in loader:
        x, y = x.to(device, non_blocking=True), y.to(device, torch.int64, True)
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    right = (model(points).argmax(1) == data.tensors[1]).type(torch.DoubleTensor).mean()

    torch.save(model.state_dict(), folder / "weights.pth")
    with torch.inference_mode():
        loaded = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
        said = str(loaded.load_state_dict(torch.load(folder / "weights.pth", map_location=same, weights_only=True)))
        guess = loaded.eval()(points[0].to(same))
    lacking = []
    for move in (lambda: points.cuda(), lambda: model.to(torch.device("cuda")), lambda: torch.ones(2, device=0), lambda: points.to(0)):
        try: lacking.append(None if torch.cuda.is_available() else move())
        except (AssertionError, RuntimeError): lacking.append("no GPU")
    result = device, loss.item(), right, said, guess, guess.is_inference(), lacking, points.type().partition(".")[2]
""")

snippet("""
    # features by hooks
    import torch
    from torch import nn

    activation, grads = {}, {}
    def get_activation(name):
        def hook(model, input, output):
            activation[name] = output.detach()
        return hook

    model = start(nn.Sequential(nn.Linear(3, 4), nn.Sigmoid(), nn.Dropout(0.5), nn.Linear(4, 1))).eval()
    handles = [layer.register_forward_hook(get_activation(f"{n}.{layer.__class__.__name__}")) for n, layer in enumerate(model)]
    def keep(module, grad_input, grad_output):
        grads["first"] = grad_output[0]

    model[0].register_full_backward_hook(keep)
    x = torch.tensor(draws.random((2, 3)), dtype=torch.float32, requires_grad=True)
    x.register_hook(lambda g: grads.__setitem__("x", g))
    model(x).sum().backward()
    for handle in handles:
        handle.remove()
    activation["after"] = None
    model(x)
    result = list(activation.items()), list(grads.items()), x.grad
""")


@pytest.mark.parametrize("name", SNIPPETS)
def test_snippet(name, tmp_path):
    theirs = run(torch, SNIPPETS[name], tmp_path)
    ours = run(edunets, SNIPPETS[name], tmp_path)
    assert beside.difference(ours, theirs, tolerance=20) is None


def test_imports_only():
    code = "import torch\nfrom torch.utils.data import DataLoader\ntorch.ones(2)  # import torch"
    assert (to_edunets(code)
            == "import edunets\nfrom edunets.utils.data import DataLoader\ntorch.ones(2)  # import torch")
