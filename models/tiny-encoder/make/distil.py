"""Step 2 of 3: teaches a small BERT to give the teacher's sentence vectors.

usage: python distil.py WORK [--steps 10000] [--minutes 45] [--continue-from WORK/model]

WORK is the folder that prepare.py filled. It receives model/ (the bundled files), checkpoints/step-N/ (the same
files on the way) and curve.json. The learning rate follows whichever runs out first, the steps or the minutes, so
that it always ends near zero; --continue-from adds another such round to a model that a round has ended with.
The two linear maps to the teacher's width serve the training only and are not saved.
"""
import argparse
import json
import math
import random
import shutil
import time
from pathlib import Path
from typing import Iterator

import torch
from tokenizers import Tokenizer
from torch.nn.functional import kl_div, normalize
from torch.optim import AdamW
from transformers import BertConfig, BertModel

MAX_TOKENS = 256
BATCH_SIZE = 128
MAX_BATCH_TOKENS = 8192
HELD_OUT = 2_000
FITTED_TEXTS = 8_000
PEAK_RATE = 1.5e-3
LAST_RATE_SHARE = 0.01
WARMUP_STEPS = 200
TEMPERATURE = 0.05
SIMILARITY_WEIGHT = 0.3
LOG_EVERY, CHECKPOINT_EVERY, FIRST_CHECKPOINT = 100, 1_000, 300

CONFIG = BertConfig(
    architectures=["BertModel"],
    vocab_size=8192,
    hidden_size=256,
    num_hidden_layers=4,
    num_attention_heads=8,
    intermediate_size=1024,
    max_position_embeddings=MAX_TOKENS,
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
    pad_token_id=0,
)

TOKENIZER_CONFIG = {
    "tokenizer_class": "BertTokenizer",
    "do_lower_case": True,
    "model_max_length": MAX_TOKENS,
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}


class Distiller(torch.nn.Module):
    """The student with one map per thing we keep: the mean of its last states, and its pooler's output."""

    def __init__(self, teacher_width: int):
        super().__init__()
        # On a CPU the fused attention's backward pass takes half of a step; the plain one a fraction of that.
        self.student = BertModel._from_config(CONFIG, attn_implementation="eager", dtype=torch.float32)
        self.mean_map = torch.nn.Linear(CONFIG.hidden_size, teacher_width)
        self.pooler_map = torch.nn.Linear(CONFIG.hidden_size, teacher_width)

    def encode(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.autocast("cpu", torch.bfloat16):
            output = self.student(input_ids=ids, attention_mask=mask)
        states, weights = output.last_hidden_state.float(), mask.unsqueeze(-1).float()  # (B, T, 256), (B, T, 1)
        return (states * weights).sum(1) / weights.sum(1), output.pooler_output.float()  # (B, 256) each

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean, pooled = self.encode(ids, mask)
        return normalize(self.mean_map(mean), dim=-1), normalize(self.pooler_map(pooled), dim=-1)


def cosine_loss(vectors: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return (1 - (vectors * target).sum(-1)).mean()


def similarity_loss(vectors: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """KL between the two ways of saying which texts of the batch are near which."""
    ours = torch.log_softmax(vectors @ vectors.T / TEMPERATURE, dim=-1)
    theirs = torch.softmax(target @ target.T / TEMPERATURE, dim=-1)
    return kl_div(ours, theirs, reduction="batchmean")


def total_loss(vectors: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return cosine_loss(vectors, target) + SIMILARITY_WEIGHT * similarity_loss(vectors, target)


def cut_into_batches(indices: list[int], token_ids: list[list[int]]) -> list[list[int]]:
    """Neighbours of like length, 128 at a time; fewer where the texts are long."""
    batches, start = [], 0
    while start < len(indices):
        length = len(token_ids[indices[min(start + BATCH_SIZE, len(indices)) - 1]])
        size = max(16, min(BATCH_SIZE, MAX_BATCH_TOKENS // length))
        batches.append(indices[start : start + size])
        start += size
    return batches


def endless_batches(indices: list[int], token_ids: list[list[int]], rng: random.Random) -> Iterator[list[int]]:
    """Epoch after epoch: shuffled, grouped by length within large buckets, and the batches shuffled again."""
    indices, bucket_size = list(indices), BATCH_SIZE * 40
    while True:
        rng.shuffle(indices)
        batches = []
        for start in range(0, len(indices), bucket_size):
            bucket = sorted(indices[start : start + bucket_size], key=lambda i: len(token_ids[i]))
            batches += cut_into_batches(bucket, token_ids)
        rng.shuffle(batches)
        yield from batches


def pad(rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(map(len, rows))
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return ids, mask


def learning_rate(step: int, progress: float) -> float:
    """Linear warm-up, then a half cosine down to one hundredth. `progress` runs from 0 to 1."""
    warmup = min(1.0, (step + 1) / WARMUP_STEPS)
    decay = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return PEAK_RATE * warmup * (decay * (1 - LAST_RATE_SHARE) + LAST_RATE_SHARE)


@torch.no_grad()
def held_out_cosine(distiller: Distiller, token_ids: list[list[int]], target: torch.Tensor) -> float:
    indices = sorted(range(HELD_OUT), key=lambda i: len(token_ids[i]))
    total = 0.0
    for batch in cut_into_batches(indices, token_ids):
        vectors, _ = distiller(*pad([token_ids[i] for i in batch]))
        total += (vectors * target[batch]).sum().item()
    return total / HELD_OUT


@torch.no_grad()
def load_student(distiller: Distiller, folder: Path, token_ids: list[list[int]], target: torch.Tensor) -> None:
    """Takes a saved student up again; its maps, which were not saved, are found anew by least squares."""
    distiller.student.load_state_dict(BertModel.from_pretrained(folder, dtype=torch.float32).state_dict())
    indices = sorted(range(HELD_OUT, HELD_OUT + FITTED_TEXTS), key=lambda i: len(token_ids[i]))
    batches = cut_into_batches(indices, token_ids)
    encoded = [distiller.encode(*pad([token_ids[i] for i in batch])) for batch in batches]
    wanted = torch.cat([target[batch] for batch in batches])
    for linear, parts in zip((distiller.mean_map, distiller.pooler_map), zip(*encoded)):
        inputs = torch.nn.functional.pad(torch.cat(parts), (0, 1), value=1.0)  # (texts, 257), the last for the bias
        solution = torch.linalg.lstsq(inputs, wanted).solution  # (257, 384)
        linear.weight.copy_(solution[:-1].T)
        linear.bias.copy_(solution[-1])


def save_model(student: BertModel, tokenizer_path: Path, folder: Path) -> None:
    """Writes the four bundled files; the weights as float16."""
    shutil.rmtree(folder, ignore_errors=True)
    half = BertModel(CONFIG).half()
    half.load_state_dict(student.state_dict())
    half.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    shutil.copy(tokenizer_path, folder / "tokenizer.json")
    (folder / "tokenizer_config.json").write_text(json.dumps(TOKENIZER_CONFIG, indent=2) + "\n", encoding="utf8")


def read_corpus(work: Path) -> tuple[list[list[int]], torch.Tensor]:
    """Token ids of every text, and what the teacher made of it."""
    texts = json.loads((work / "texts.json").read_text(encoding="utf8"))
    encodings = Tokenizer.from_file(str(work / "tokenizer.json")).encode_batch_fast(texts)
    return [encoding.ids[:MAX_TOKENS] for encoding in encodings], torch.load(work / "teacher.pt").float()


def train_step(distiller: Distiller, optimizer: AdamW, rows: list[list[int]], target: torch.Tensor) -> float:
    """Returns the mean cosine between the student's mean and the teacher, before the step."""
    mean, pooled = distiller(*pad(rows))
    loss = total_loss(mean, target) + total_loss(pooled, target)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(distiller.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return 1 - cosine_loss(mean.detach(), target).item()


def train(work: Path, total_steps: int, limit_seconds: float, continue_from: Path | None) -> None:
    tokenizer_path = work / "tokenizer.json"
    token_ids, target = read_corpus(work)
    distiller = Distiller(target.shape[1])
    curve = []
    if continue_from:
        load_student(distiller, continue_from, token_ids, target)
        curve = json.loads((work / "curve.json").read_text(encoding="utf8"))
    steps_before, seconds_before = (curve[-1]["step"], curve[-1]["seconds"]) if curve else (0, 0)
    optimizer = AdamW(distiller.parameters(), lr=PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    batches = endless_batches(list(range(HELD_OUT, len(token_ids))), token_ids, random.Random(steps_before))
    started, recent = time.time(), []

    def clock() -> int:
        return seconds_before + round(time.time() - started)

    for step in range(total_steps + 1):
        progress = max(step / total_steps, (time.time() - started) / limit_seconds)
        if progress >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, progress)

        batch = next(batches)
        recent.append(train_step(distiller, optimizer, [token_ids[i] for i in batch], target[batch]))
        done = steps_before + step + 1
        if done % LOG_EVERY == 0:
            curve.append({"step": done, "seconds": clock(), "cosine": round(sum(recent) / len(recent), 4)})
            recent = []
            print(curve[-1], flush=True)
        if done == FIRST_CHECKPOINT or done % CHECKPOINT_EVERY == 0:
            curve[-1]["heldOutCosine"] = round(held_out_cosine(distiller, token_ids, target), 4)
            save_model(distiller.student, tokenizer_path, work / "checkpoints" / f"step-{done}")
            (work / "curve.json").write_text(json.dumps(curve, indent=1), encoding="utf8")

    save_model(distiller.student, tokenizer_path, work / "model")
    held_out = round(held_out_cosine(distiller, token_ids, target), 4)
    curve.append({"step": steps_before + step, "seconds": clock(), "heldOutCosine": held_out})
    (work / "curve.json").write_text(json.dumps(curve, indent=1), encoding="utf8")
    print("done", curve[-1], flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--continue-from", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    train(options.work, options.steps, options.minutes * 60, options.continue_from)


if __name__ == "__main__":
    main()
