"""Files of images: what they say is read, what is wrong with them is told, and a download is whole or not
there. The files are small ones in the true formats; the servers are ours, and misbehave."""
import contextlib
import gzip
import hashlib
import http.server
import io
import itertools
import os
import socket
import tarfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import edunets as en
from edunets.data import DataLoader, default_collate
from edunets.datasets import CIFAR10, MNIST, FashionMNIST
from edunets.datasets.images import File, download, read_idx

RANDOM = np.random.default_rng(0)
PIXELS, LABELS = RANDOM.integers(0, 256, (7, 28, 28)).astype("u1"), np.arange(7).astype("u1")
RECORDS = (RANDOM.integers(0, 256,
                           (3, 3073)).astype("u1") % np.where(np.arange(3073) == 0, 10, 256).astype("u2"))


def idx(array, code=8):
    return bytes([0, 0, code, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def write_mnist(folder, packed=True, train=True, pixels=PIXELS, labels=LABELS):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip([file.name for file in MNIST.files[train]], (pixels, labels)):
        data = array if isinstance(array, bytes) else idx(array)
        ((folder / name).write_bytes(gzip.compress(data)) if packed
         else (folder / name.removesuffix(".gz")).write_bytes(data))


def write_archive(path, parts):
    with tarfile.open(path, "w:gz") as archive:
        for name, data in parts.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def parts_of_cifar():
    return {name: RECORDS.astype("u1").tobytes() for name in itertools.chain(*CIFAR10.parts.values())}


def refused(action, *said):
    "The RuntimeError of an action: three lines, which say these things."
    with pytest.raises(RuntimeError) as caught: action()
    lines = str(caught.value).splitlines()
    assert (len(lines) == 3 and lines[1].startswith("  Why: at test_image_files.py:")
            and lines[2].startswith("  Try: ")), caught.value
    assert all(text in str(caught.value) for text in said), caught.value


# Formats

@pytest.mark.parametrize("kind, code", [("u1", 8), ("i1", 9), ("i2", 11), ("i4", 12), ("f4", 13), ("f8", 14)])
@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (0, 5), (), (1, 1, 1, 2)])
def test_idx(kind, code, shape):
    array = (np.arange(np.prod(shape, dtype=int)) - (kind != "u1")).reshape(shape).astype(kind)
    found = read_idx(idx(array.astype(array.dtype.newbyteorder(">")), code))
    assert (found.dtype == array.dtype and found.shape == shape and np.array_equal(found, array)
            and found.flags.writeable)


@pytest.mark.parametrize("data, said", [
    (b"", "begins with nothing"),
    (b"\0\0\x08", "begins with 00 00 08"),
    (b"<!DOCTYPE html>", "begins with 3c 21"),
    (b"\0\0\x0a\1\0\0\0\0", "begins with 00 00 0a"),
    (b"\1\0\x08\1\0\0\0\0", "no IDX file"),
    (b"\0\0\x08\3\0\0\0\1", "ends within its header"),
    (idx(PIXELS)[:-1], "has 5503 bytes, not 5504"),
    (idx(PIXELS) + b"x", "has 5505 bytes, not 5504"),
    (b"\0\0\x08\2" + b"\xff" * 8, "shape [4294967295, 4294967295]"),
    (b"\0\0\x08\xff" + b"\0" * 2000, "has 255 dimensions"),
    (gzip.compress(idx(PIXELS), mtime=0), "begins with 1f 8b")], ids=repr)
def test_what_is_no_idx(data, said): refused(lambda: read_idx(data, "train-images"), "train-images", said)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("where", ["MNIST/raw", "."])
def test_mnist_is_found(tmp_path, packed, where):
    write_mnist(tmp_path / where, packed)
    for root in (tmp_path, str(tmp_path)):
        digits = MNIST(root)
        assert (np.array_equal(digits.data.numpy(), PIXELS) and digits.targets.tolist() == LABELS.tolist()
                and digits.targets.dtype is en.int64 and digits.data.dtype is en.uint8 and len(digits) == 7)
    refused(lambda: MNIST(tmp_path, train=False), "Dataset not found", "t10k-images")
    refused(lambda: FashionMNIST(tmp_path / "other"), "download=True")


def test_fashion_has_its_own_folder(tmp_path):
    write_mnist(tmp_path / "FashionMNIST" / "raw", train=False)
    clothes = FashionMNIST(tmp_path, train=False)
    assert clothes.classes[clothes[5][1]] == "Sandal" and clothes.class_to_idx["Ankle boot"] == 9
    with pytest.raises(RuntimeError): MNIST(tmp_path, train=False)


def test_samples(tmp_path):
    write_mnist(tmp_path)
    digits = MNIST(tmp_path)
    image, label = digits[-1]
    assert (image.shape == (1, 28, 28) and image.dtype is en.float32 and label == 6 and type(label) is int
            and np.allclose(image.numpy()[0] * 255, PIXELS[-1]))
    with pytest.raises(IndexError): digits[7]
    changed = MNIST(tmp_path, transform=lambda x: x.flatten() * 2, target_transform=lambda n: n % 2)
    assert changed[3][0].shape == (784,) and changed[3][1] == 1
    for dataset in (digits, changed):
        batch, expected = next(iter(DataLoader(dataset, 7))), default_collate([dataset[n] for n in range(7)])
        assert all(a.dtype is b.dtype and en.equal(a, b) for a, b in zip(batch, expected))


def test_cifar(tmp_path):
    expected = RECORDS[:, 1:].reshape(-1, 3, 32, 32)
    write_archive(tmp_path / "cifar-10-binary.tar.gz", parts_of_cifar())
    test, train = CIFAR10(tmp_path, train=False), CIFAR10(tmp_path)
    assert (np.array_equal(test.data.numpy(), expected)
            and np.array_equal(train.data.numpy(), np.concatenate([expected] * 5))
            and train.targets.tolist() == RECORDS[:, 0].tolist() * 5)
    assert (test[1][0].shape == (3, 32, 32) and np.allclose(test[1][0].numpy() * 255, expected[1])
            and sorted(os.listdir(tmp_path)) == ["cifar-10-binary.tar.gz"])
    (tmp_path / "cifar-10-batches-bin").mkdir()
    for name, data in parts_of_cifar().items(): (tmp_path / "cifar-10-batches-bin" / name).write_bytes(data)
    (tmp_path / "cifar-10-binary.tar.gz").unlink()
    assert np.array_equal(CIFAR10(tmp_path).data.numpy(), train.data.numpy())


# What is wrong is told

@pytest.mark.parametrize("change, said", [
    (dict(labels=LABELS[:-1]), "7 images, but 6 labels"),
    (dict(labels=LABELS + 4), "a label is 10"),
    (dict(pixels=PIXELS[0]), "train-images-idx3-ubyte.gz has 2 dimensions of uint8"),
    (dict(labels=PIXELS), "it should have 1 of uint8"),
    (dict(pixels=idx(PIXELS.astype(">i2"), 11)), "3 dimensions of int16"),
    (dict(pixels=b"<html>"), "begins with 3c 68"),
    (dict(pixels=idx(PIXELS)[:99]), "has 99 bytes")], ids=repr)
def test_wrong_files(tmp_path, change, said):
    write_mnist(tmp_path, **change)
    refused(lambda: MNIST(tmp_path), said)


@pytest.mark.parametrize("damage",
                         [lambda data: data[:-9],
                          lambda data: data[:3],
                          lambda data: b"<html>" + data,
                          lambda data: data[:60] + bytes([data[60] ^ 255]) + data[61:],
                          lambda data: b""])
def test_damaged_gzip(tmp_path, damage):
    write_mnist(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    refused(lambda: MNIST(tmp_path), "train-images-idx3-ubyte")


def test_damaged_archives(tmp_path):
    path = tmp_path / "cifar-10-binary.tar.gz"
    write_archive(path, {"test_batch.bin": RECORDS.astype("u1").tobytes()[:-1]})
    refused(lambda: CIFAR10(tmp_path, train=False), "test_batch.bin has 9218 bytes", "3073")
    refused(lambda: CIFAR10(tmp_path), "lacks data_batch_1.bin", "it holds test_batch.bin")
    for data in (b"no archive", path.read_bytes()[:4000], b""):
        path.write_bytes(data)
        refused(lambda: CIFAR10(tmp_path), "cifar-10-binary.tar.gz")
    path.unlink()
    (tmp_path / "cifar-10-python.tar.gz").touch()
    refused(lambda: CIFAR10(tmp_path), "Dataset not found", "pickles of the python version are not read")


@contextlib.contextmanager
def little_memory(gigabytes=2):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (gigabytes << 30, hard))
    try: yield
    finally: resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def sparse(name, size):
    "A member that has a size, and no bytes."
    member = tarfile.TarInfo("GNUSparseFile.0/x")
    member.pax_headers = {"GNU.sparse.major": "0",
                          "GNU.sparse.minor": "1",
                          "GNU.sparse.name": name,
                          "GNU.sparse.size": str(size),
                          "GNU.sparse.map": "0,0",
                          "GNU.sparse.numblocks": "1"}
    return member


def with_members(path, *members):
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for member in members: archive.addfile(member)
        for name, data in parts_of_cifar().items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def test_only_what_is_needed_is_read_from_an_archive(tmp_path):
    path = tmp_path / "cifar-10-binary.tar.gz"
    with_members(path, sparse("big", 1 << 40), *[tarfile.TarInfo(f"{n}") for n in range(2000)])
    with little_memory(): assert len(CIFAR10(tmp_path)) == 15
    with_members(path, sparse("data_batch_1.bin", 1 << 40))
    with little_memory():
        refused(lambda: CIFAR10(tmp_path), "data_batch_1.bin would have 1099511627776 bytes")
    with gzip.open(path, "wb") as file:      # a name of 100 MB
        long = tarfile.TarInfo("././@LongLink")
        long.type, long.size = b"L", 100 << 20
        file.write(long.tobuf(tarfile.GNU_FORMAT)[:512])
        for _ in range(100): file.write(b"a" * (1 << 20))
    with little_memory(): refused(lambda: CIFAR10(tmp_path), "bytes are to be read at once")


def test_files_that_grow_when_they_are_unpacked(tmp_path):
    write_mnist(tmp_path)
    path = tmp_path / MNIST.files[True][0].name
    with gzip.open(path, "wb") as file:
        file.write(bytes([0, 0, 8, 3]) + np.array([200, 1 << 10, 1 << 10], ">u4").tobytes())
        for _ in range(200): file.write(bytes(1 << 20))
    refused(lambda: MNIST(tmp_path), "holds more than 47040016 bytes")


@pytest.mark.parametrize("shape",
                         [(1,) * 65, (1,) * 255, (0, 2**32 - 1, 2**32 - 1, 2**32 - 1), (2**32 - 1,) * 64])
def test_shapes_that_no_array_has(shape):
    refused(lambda: read_idx(bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes()
                             + b"x" * (set(shape) == {1})))


def test_labels_of_cifar(tmp_path):
    write_archive(tmp_path / "cifar-10-binary.tar.gz", {"test_batch.bin": bytes([10]) + bytes(3072)})
    refused(lambda: CIFAR10(tmp_path, train=False), "a label is 10")


# Downloads

BYTES = RANDOM.bytes(300_000)
WHOLE = File("data.bin", hashlib.sha256(BYTES).hexdigest())


class Server(http.server.BaseHTTPRequestHandler):
    "Serves BYTES under every name, with the faults that its server was given."
    def log_message(self, *args): pass

    def do_GET(self):
        faults, data, first = self.server.faults, BYTES, 0
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        if "missing" in faults: return self.send_error(404)
        if "broken" in faults: return self.send_error(503)
        if "wrong" in faults: data = BYTES[:-1] + b"?"
        if asked and "no range" not in faults:
            first = int(asked.removeprefix("bytes=").removesuffix("-"))
            if first >= len(data):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(data)}")
                return self.end_headers()
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range",
                             f"bytes {0 if 'other range' in faults else first}-{len(data) - 1}/{len(data)}")
        if "no length" not in faults: self.send_header("Content-Length", str(len(data) - first))
        self.end_headers()
        cut = "cut" in faults or "cut once" in faults and len(self.server.asked) == 1
        self.wfile.write(data[first:first + 100_000 if cut else None])


@pytest.fixture
def serve(monkeypatch):
    "Start a server with some faults: its address, and the ranges that it is asked for."
    monkeypatch.setenv("no_proxy", "*")
    servers = []
    def start(*faults):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        server.faults, server.asked = faults, []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/", server.asked
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def nobody():
    "An address where nobody listens."
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{place.getsockname()[1]}/"


@pytest.mark.parametrize("faults, asked", [
    ((), [None]),
    (("no length",), [None]),
    (("cut",), [None, "bytes=100000-", "bytes=200000-"]),
    (("cut once", "no range"), [None, "bytes=100000-"])], ids=str)
def test_download(tmp_path, serve, faults, asked):
    address, log = serve(*faults)
    assert (download(WHOLE, [address], tmp_path / "new" / "folder").read_bytes() == BYTES
            and os.listdir(tmp_path / "new" / "folder") == ["data.bin"])
    assert log == asked
    download(WHOLE, [], tmp_path / "new" / "folder")      # it is there


@pytest.mark.parametrize("have, faults, asked", [
    (BYTES[:250_000], (), ["bytes=250000-"]),
    (BYTES, (), ["bytes=300000-"]),
    (b"?" * 1000, (), ["bytes=1000-", None]),
    (BYTES + b"more", (), ["bytes=300004-", None]),
    (BYTES[:250_000], ("no range",), ["bytes=250000-"])],
                         ids=lambda x: f"{len(x)} bytes" if isinstance(x, bytes) else str(x))
def test_going_on(tmp_path, serve, have, faults, asked):
    "With the part of an earlier day, good or not."
    (tmp_path / "data.bin.part").write_bytes(have)
    address, log = serve(*faults)
    download(WHOLE, [address], tmp_path)
    assert log == asked
    assert (tmp_path / "data.bin").read_bytes() == BYTES and os.listdir(tmp_path) == ["data.bin"]


@pytest.mark.parametrize("faults, said",
                         [(("cut once", "other range"), "another part"),
                          (("cut once", "no length"), "its checksum is wrong")])
def test_servers_that_lie(tmp_path, serve, faults, said):
    "One sends another part than was asked for, one breaks off without a word: another mirror is asked."
    refused(lambda: download(WHOLE, [serve(*faults)[0]], tmp_path / "one"), said)
    assert download(WHOLE, [serve(*faults)[0], serve()[0]], tmp_path).read_bytes() == BYTES


@pytest.mark.parametrize("fault, said",
                         [("missing", "404"),
                          ("broken", "503"),
                          ("wrong", "its checksum is wrong"),
                          (None, "refused")])
def test_the_next_mirror(tmp_path, serve, fault, said):
    address, log = serve(fault) if fault else (nobody(), [])
    assert download(WHOLE, [address, serve()[0]], tmp_path).read_bytes() == BYTES
    refused(lambda: download(WHOLE, [address, nobody()], tmp_path / "other"), "Error downloading data.bin",
            said, address)
    assert os.listdir(tmp_path / "other") == []


@pytest.mark.parametrize("length", ["abc", "", "1e3", "9" * 5000])
def test_a_length_that_is_no_number_asks_the_next_mirror(tmp_path, length):
    data = b"abc"
    class Strange(http.server.BaseHTTPRequestHandler):
        def log_message(self, *args): pass
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", length if self.path.startswith("/a/") else "3")
            self.end_headers()
            self.wfile.write(data)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Strange)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        assert download(File("x", hashlib.sha256(data).hexdigest()),
                        [f"{base}/a/", "nonsense://", f"{base}/b/"], tmp_path).read_bytes() == data
    finally: server.shutdown()
    refused(lambda: download(File("y", "0"), ["nonsense://", "no address"], tmp_path), "Error downloading y")


def test_two_downloads_of_one_file_at_once(tmp_path):
    "The second waits for the first, and finds its file."
    data, asked = os.urandom(300_000), []
    class Slow(http.server.BaseHTTPRequestHandler):
        def log_message(self, *args): pass
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            for at in range(0, len(data), 30_000):
                self.wfile.write(data[at:at + 30_000])
                time.sleep(0.02)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    file, base = File("x", hashlib.sha256(data).hexdigest()), f"http://127.0.0.1:{server.server_address[1]}/"
    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(download, file, [base], tmp_path) for _ in range(4)]
    assert (all(one.result().read_bytes() == data for one in done) and asked == ["/x"]
            and os.listdir(tmp_path) == ["x"])
    server.shutdown()


def test_a_line_that_is_cut_for_ever(tmp_path, serve):
    "A server that always begins anew and never ends: three tries, and the part stays for the next day."
    address, log = serve("cut", "no range")
    refused(lambda: download(WHOLE, [address], tmp_path), "it broke off after 100000 bytes")
    assert os.listdir(tmp_path) == ["data.bin.part"] and len(log) == 4
    assert download(WHOLE, [serve()[0]], tmp_path).read_bytes() == BYTES


def test_a_wrong_file_of_the_name_is_replaced(tmp_path, serve):
    (tmp_path / "data.bin").write_bytes(b"old")
    assert download(WHOLE, [serve()[0]], tmp_path).read_bytes() == BYTES


def test_a_dataset_downloads_itself(tmp_path, serve):
    address, log = serve()
    class Tiny(MNIST): mirrors, files = [address], {True: [WHOLE, WHOLE]}
    refused(lambda: Tiny(tmp_path), "Dataset not found")
    # the bytes of this server are no images
    refused(lambda: Tiny(tmp_path, download=True), "data.bin is no IDX file")
    assert log == [None] and (tmp_path / "Tiny" / "raw" / "data.bin").exists()


def test_the_files_are_the_known_ones():
    files = ([file for dataset in (MNIST, FashionMNIST) for pair in dataset.files.values() for file in pair]
             + [CIFAR10.archive])
    assert (len({file.sha256 for file in files}) == 9
            and all(len(bytes.fromhex(file.sha256)) == 32 for file in files))
    assert all(mirror.endswith("/") and mirror.startswith("http")
               for dataset in (MNIST, FashionMNIST, CIFAR10) for mirror in dataset.mirrors)


def test_names_are_torchvisions():
    torchvision = pytest.importorskip("torchvision")
    assert all(ours.classes == getattr(torchvision.datasets, ours.__name__).classes
               for ours in (MNIST, FashionMNIST))
