"""What make_models.py, make_methods.py and make_adapters.py share: tiny random models, ragged batches, 20 AdamW steps, two files.

A fixture is a folder with `expected.json` (batch, optimiser, losses, norms, rates) and `expected.safetensors` (hidden
states, logits, `gradient.*`, `step1.*`, `step5.*`, `step20.*`); README.md has every field. The arithmetic is that of the
libraries: nothing here computes a model's output, only the losses that no library has, each beside its formula.
"""
import copy
import fnmatch
import importlib.metadata
import json
import os
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from safetensors.torch import load_file, save_file
from transformers import get_linear_schedule_with_warmup
from transformers.utils import logging

logging.set_verbosity_error()
logging.disable_progress_bar()
torch.set_num_threads(1)

HERE = Path(__file__).parent
MODELS, METHODS = HERE / "models", HERE / "methods"
TOTAL_STEPS, KEPT_STEPS = 20, (1, 5, 20)
BETAS, EPSILON, WEIGHT_DECAY = (0.9, 0.999), 1e-8, 0.01
IGNORED = -100


def is_wanted(name):
    """By the patterns on the command line; everything without one."""
    return any(fnmatch.fnmatch(name, pattern) for pattern in sys.argv[1:] or ["*"])


# --- weights and batches ---


def seed_of(name):
    """A seed of the fixture's own: none changes when another is added."""
    return zlib.crc32(name.encode())


def fill(model, seed, scale=0.2):
    """Random numbers everywhere, norms and biases too: a zero bias or a norm of ones would hide a mistake."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = torch.randn(parameter.shape, generator=generator) * scale
            is_norm = "norm" in name.lower() or ".ln_" in name
            parameter.copy_(values + 1 if is_norm and name.endswith("weight") else values)
    return model.eval()


def make_rows(lengths, vocabulary, seed, first=5):
    """Token ids of rows without padding; ids below `first` are left to padding and other special tokens."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randint(first, vocabulary, (length,), generator=generator).tolist() for length in lengths]


def pad(rows, value):
    longest = max(len(row) for row in rows)
    return torch.tensor([row + [value] * (longest - len(row)) for row in rows])


def encode(rows, pad_id):
    """The batch as the library wants it: padded on the right, with its mask."""
    return {"input_ids": pad(rows, pad_id), "attention_mask": pad([[1] * len(row) for row in rows], 0)}


def pad_labels(labels):
    """A class per row, or one per token."""
    return pad(labels, IGNORED) if isinstance(labels[0], list) else torch.tensor(labels)


def real_tokens(values, mask):
    """[rows, length, width] without the padding -> [tokens, width]"""
    return values[mask.bool()]


# --- twenty steps ---


@dataclass
class Settings:
    learning_rate: float = 1e-3
    warmup_steps: int = 4
    exact_attention: str | None = None  # for the float64 run, where eager attention cannot do it


def as_typed(tensors, dtype):
    """A batch's floating-point tensors in another precision."""
    return {name: t.to(dtype) if torch.is_tensor(t) and t.is_floating_point() else t for name, t in tensors.items()}


def run_steps(model, parameters, compute_loss, settings, max_grad_norm):
    """`parameters`: file name -> what is trained. The same batch at every step, as torch and transformers do it."""
    trained = list(parameters.values())
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": WEIGHT_DECAY},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=settings.learning_rate, betas=BETAS, eps=EPSILON)
    schedule = get_linear_schedule_with_warmup(optimizer, settings.warmup_steps, TOTAL_STEPS)
    record = {"losses": [], "gradNorms": [], "learningRates": []}
    tensors = {}
    for step in range(1, TOTAL_STEPS + 1):
        optimizer.zero_grad(set_to_none=True)
        loss = compute_loss(model)
        loss.backward()
        if step == 1:
            tensors |= {f"gradient.{name}": p.grad.clone() for name, p in parameters.items() if p.grad is not None}
        norm = torch.nn.utils.clip_grad_norm_(trained, max_grad_norm)
        record["losses"].append(loss.item())
        record["gradNorms"].append(norm.item())
        record["learningRates"].append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
        if step in KEPT_STEPS:
            tensors |= {f"step{step}.{name}": p.detach().clone() for name, p in parameters.items()}
    return record, tensors


def train(model, name_parameters, compute_loss, settings=Settings()):
    """Trains a copy; returns what goes into expected.json and expected.safetensors.

    `name_parameters(model)` gives {file name: parameter}; `compute_loss(model)` must follow the model's precision.
    The same steps in float64 say which parameters a float32 run cannot determine: a gradient that is zero in truth (the
    key bias of BERT's attention) is rounding noise in float32, and AdamW makes a full step of any noise.
    """

    def attempt(dtype, max_grad_norm):
        trained = copy.deepcopy(model).to(dtype)
        if dtype == torch.float64 and settings.exact_attention is not None:
            trained.set_attn_implementation(settings.exact_attention)
        return run_steps(trained, name_parameters(trained), compute_loss, settings, max_grad_norm)

    max_grad_norm = choose_max_grad_norm(lambda limit: attempt(torch.float32, limit)[0]["gradNorms"])
    record, tensors = attempt(torch.float32, max_grad_norm)
    exact_record, exact = attempt(torch.float64, max_grad_norm)
    check_precision(record, tensors, exact_record, exact)
    names = list(name_parameters(model))
    summary = {
        "parameterCount": sum(p.numel() for p in name_parameters(model).values()),
        "withoutGradient": [name for name in names if f"gradient.{name}" not in tensors],
        "indeterminate": find_indeterminate(names, tensors, exact),
        "optimizer": describe_optimizer(settings, max_grad_norm),
        "loss": record["losses"][0],
        **record,
    }
    return summary, tensors


def choose_max_grad_norm(norms_under):
    """The median of the norms, which itself depends on the limit: some steps are clipped and others are not."""
    limit = 1.0
    for _ in range(3):
        limit = float(f"{sorted(norms_under(limit))[TOTAL_STEPS // 2]:.4g}")
    return limit


def describe_optimizer(settings, max_grad_norm):
    return {
        "learningRate": settings.learning_rate,
        "betas": list(BETAS),
        "epsilon": EPSILON,
        "weightDecay": WEIGHT_DECAY,
        "decayed": "tensors of two or more dimensions",
        "maxGradNorm": max_grad_norm,
        "warmupSteps": settings.warmup_steps,
        "totalSteps": TOTAL_STEPS,
    }


def check_precision(record, tensors, exact_record, exact):
    """Losses and gradients must be well determined by float32, else a test could not hold anyone to them."""
    for mine, theirs in zip(record["losses"], exact_record["losses"]):
        assert abs(mine - theirs) < 2e-5, f"loss {mine} in float32, {theirs} in float64"
    for name, gradient in exact.items():
        if name.startswith("gradient."):
            difference, size = (tensors[name] - gradient).abs().max().item(), gradient.abs().max().item()
            assert difference < 1e-5 * size + 2e-7, f"{name}: {difference} off with values up to {size}"


def find_indeterminate(names, tensors, exact):
    """{name: [begin, end]} over the flat elements; anything else that float32 does not determine is a fixture of no use."""
    found = {}
    for name in names:
        difference = (tensors[f"step20.{name}"] - exact[f"step20.{name}"]).abs().flatten()
        if difference.max() < 2e-5:
            continue
        noise = (exact[f"gradient.{name}"].abs().flatten() < 1e-7).nonzero().flatten()
        begin, end = (noise.min().item(), noise.max().item() + 1) if len(noise) else (0, 0)
        found[name] = [begin, end]
        outside = torch.cat([difference[:begin], difference[end:]])
        reason = f"{name} differs from float64 after 20 steps where its gradient is not noise"
        assert not len(outside) or outside.max() < 2e-5, reason
    return found


# --- files ---


def versions(*packages):
    return {name: importlib.metadata.version(name) for name in ("torch", "transformers", "safetensors", *packages)}


def read_expected(name):
    """What a model fixture says of itself."""
    return json.loads((MODELS / name / "expected.json").read_text())


def read_tensors(folder):
    return load_file(folder / "expected.safetensors")


def write_fixture(folder, expected, tensors):
    folder.mkdir(parents=True, exist_ok=True)
    as_float = {name: tensor.detach().float().contiguous().clone() for name, tensor in tensors.items()}
    save_file(as_float, folder / "expected.safetensors", metadata={"format": "pt"})
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in expected.items()]
    (folder / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{folder.parent.name}/{folder.name}: {describe(expected)}", flush=True)


def describe(expected):
    if "losses" not in expected:
        return "outputs only"
    losses, limit = expected["losses"], expected["optimizer"]["maxGradNorm"]
    clipped = sum(norm > limit for norm in expected["gradNorms"])
    return f"loss {losses[0]:.4f} -> {losses[-1]:.4f}, {clipped} steps clipped at {limit}, indeterminate {expected['indeterminate']}"
