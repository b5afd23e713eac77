"""A training that test_learner.py kills: `python killed_run.py FOLDER RESULT [FAULT]`. It goes on from the
checkpoints in FOLDER, writes a dot for each step, and at the end its whole state into RESULT. A fault
kills it in its second checkpoint."""
import os
import signal
import sys
from pathlib import Path

import edunets as en
from edunets.data import Callback, Checkpoint, DataLoader, EarlyStopping, Learner, TensorDataset

EPOCHS, STEPS_AN_EPOCH = 40, 10


class Dots(Callback):
    def after_step(self, learner): os.write(1, b".")


def die(*args, **options): os.kill(os.getpid(), signal.SIGKILL)


def half_written(file):
    os.ftruncate(file, os.fstat(file).st_size // 2)
    die()


def renamed(*names):
    replace(*names)
    die()


replace = os.replace
FAULTS = {      # when: (what is called then, what happens in its place)
    "while it is written": (os, "fsync", half_written),
    "between write and fsync": (os, "fsync", die),
    "between fsync and replace": (os, "replace", die),
    "between replace and the folder's fsync": (os, "replace", renamed),
    "before the old one is taken away": (Path, "unlink", die),
}


class Fault(Callback):
    "Put a fault in place after the first checkpoint."
    def __init__(self, name): self.name = name
    def after_step(self, learner):
        if self.name and learner.step % 3 == 2 and learner.step > learner.first + 3:
            setattr(*FAULTS[self.name])


def make(folder, fault=None):
    en.manual_seed(0)
    images, labels = en.datasets.load_digits()
    loader = DataLoader(TensorDataset(images[:300].flatten(1), labels[:300]), 32, shuffle=True)
    valid = DataLoader(TensorDataset(images[300:400].flatten(1), labels[300:400]), 64)
    model = en.nn.Sequential(en.nn.Linear(64, 32), en.nn.BatchNorm1d(32), en.nn.ReLU(), en.nn.Dropout(0.3),
                             en.nn.Linear(32, 10))
    optimizer = en.optim.Adam(model.parameters())
    schedule = en.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=EPOCHS * STEPS_AN_EPOCH)
    callbacks = [Dots(), Checkpoint(folder, every=3, keep=2), EarlyStopping(patience=EPOCHS), Fault(fault)]
    return Learner(model, en.nn.functional.cross_entropy, optimizer, loader, valid, schedule=schedule,
                   callbacks=callbacks, progress=False)


if __name__ == "__main__":
    folder, result, *fault = sys.argv[1:]
    learner = make(folder, *fault)
    learner.resume(folder)
    learner.first = learner.step
    learner.fit(EPOCHS)
    en.save(learner.state_dict(), result)
