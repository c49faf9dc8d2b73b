"""A training in a process of its own that is killed with SIGKILL at a moment of choice.

The processes are forked from a clean server that has imported the libraries, so that a kill costs
a second and not ten.
"""

import multiprocessing
import os
import signal

from models.training.samples import OPTIONS, TRAINING, VALIDATION

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["churnlens.models.training.train", "transformers.trainer", "peft", "accelerate"]
)


def run_and_kill(model, checkpoints, moment):
    """Train in another process; return its exit code, -9 when it was killed at `moment`.

    `moment` is a function and which of its calls is never made: `step` once per optimizer step,
    `save` once per file that torch writes, `seal` before a manifest is written, `prune` after it,
    `write_folder` before the result is written.
    """
    process = _CONTEXT.Process(target=_train, args=(model, checkpoints, *moment))
    process.start()
    process.join(120)
    return process.exitcode


def _train(model, checkpoints, name, count):
    import torch

    from churnlens.models.training import callbacks, outcome
    from churnlens.models.training import train as train_module

    torch.set_num_threads(1)
    places = {
        "step": (torch.nn.utils, "clip_grad_norm_"),
        "save": (torch, "save"),
        "write_folder": (outcome, "write_folder"),
    }
    _patch(*places.get(name, (callbacks, name)), count)
    train_module.train(TRAINING, VALIDATION, model=model, options=OPTIONS, checkpoints=checkpoints)


def _patch(module, name, count):
    """Kill this process when `module.name` is called for the `count`-th time."""
    real, calls = getattr(module, name), []

    def dying(*args, **kwargs):
        calls.append(1)
        if len(calls) == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)

    setattr(module, name, dying)
