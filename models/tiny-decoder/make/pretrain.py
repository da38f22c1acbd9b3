"""Step 2 of 3: trains the decoder from random weights on what prepare.py wrote.

usage: python pretrain.py WORK [--minutes 95]

WORK receives model/ (the bundled files), checkpoint.pt (every few minutes; a run that was stopped goes on from it) and
curve.json. The learning rate follows the minutes of work, stops not counted, so that it ends near zero when they do.
Needs a C++ compiler: torch.compile makes a step two to three times as fast on a CPU.
"""
import argparse
import json
import math
import shutil
import time
from pathlib import Path
from typing import Iterator

import numpy
import torch
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

WINDOW = 512
BATCH_SIZE = 8
PEAK_RATE = 2e-3
LAST_RATE_SHARE = 0.02
WARMUP_STEPS = 150
WEIGHT_DECAY = 0.1
LOG_EVERY, CHECKPOINT_SECONDS, EVALUATE_SECONDS = 50, 240, 720
EVALUATED_WINDOWS = 64
END_OF_TEXT, MESSAGE_END = 0, 2  # as prepare.py numbers them

# How many windows of a hundred come from each source.
MIXTURE = {"novels": 36, "plays": 3, "dialogues": 41, "command-pages": 6, "command-chats": 14}

CONFIG = LlamaConfig(
    architectures=["LlamaForCausalLM"],
    vocab_size=4096,
    hidden_size=256,
    intermediate_size=768,
    num_hidden_layers=6,
    num_attention_heads=8,
    num_key_value_heads=4,
    max_position_embeddings=WINDOW,
    rms_norm_eps=1e-5,
    tie_word_embeddings=True,
    bos_token_id=END_OF_TEXT,
    eos_token_id=MESSAGE_END,
    pad_token_id=END_OF_TEXT,
    use_cache=True,
)

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)

TOKENIZER_CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "model_max_length": WINDOW,
    "eos_token": "<|im_end|>",
    "pad_token": "<|endoftext|>",
    "clean_up_tokenization_spaces": False,
    "chat_template": CHAT_TEMPLATE,
}

SAMPLE_PROMPTS = [
    "It was late in the evening when",
    "The old man looked at her and said,",
    "<|im_start|>user\nI am looking for a restaurant in San Jose.<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>user\nHow do I list all files with ls?<|im_end|>\n<|im_start|>assistant\n",
]

Windows = Iterator[numpy.ndarray]


def cut_windows(tokens: numpy.ndarray, rng: numpy.random.Generator) -> Windows:
    """Pass after pass, shuffled, each from another phase. A window in which a document begins starts there."""
    beginnings = numpy.flatnonzero(tokens[:-1] == END_OF_TEXT) + 1
    while True:
        offsets = numpy.arange(rng.integers(WINDOW), len(tokens) - 2 * WINDOW - 1, WINDOW)
        for offset in rng.permutation(offsets):
            following = beginnings[numpy.searchsorted(beginnings, offset) :][:1]
            start = following[0] if len(following) and following[0] < offset + WINDOW else offset
            yield tokens[start : start + WINDOW + 1]


def endless_batches(work: Path, seed: int) -> Iterator[torch.Tensor]:
    rng = numpy.random.default_rng(seed)
    sources = {name: cut_windows(numpy.load(work / f"{name}.train.npy"), rng) for name in MIXTURE}
    shares = numpy.array(list(MIXTURE.values())) / sum(MIXTURE.values())
    while True:
        names = rng.choice(list(MIXTURE), BATCH_SIZE, p=shares)
        rows = numpy.stack([next(sources[name]) for name in names]).astype(numpy.int64)
        yield torch.from_numpy(rows)  # (B, T + 1)


def next_token_loss(model: LlamaForCausalLM, rows: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of every next token."""
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(input_ids=rows[:, :-1], use_cache=False).logits  # (B, T, V)
    return cross_entropy(logits.float().flatten(0, 1), rows[:, 1:].flatten())


def create_optimizer(model: LlamaForCausalLM) -> AdamW:
    matrices = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    vectors = [parameter for parameter in model.parameters() if parameter.ndim == 1]
    groups = [{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": vectors, "weight_decay": 0.0}]
    return AdamW(groups, lr=PEAK_RATE, betas=(0.9, 0.95), fused=True)


def learning_rate(step: int, progress: float) -> float:
    """Linear warm-up, then a half cosine down to one fiftieth. `progress` runs from 0 to 1."""
    warmup = min(1.0, (step + 1) / WARMUP_STEPS)
    decay = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return PEAK_RATE * warmup * (decay * (1 - LAST_RATE_SHARE) + LAST_RATE_SHARE)


# --- looking at the model ----------------------------------------------------------------------------------------------


@torch.no_grad()
def held_out_losses(model: LlamaForCausalLM, work: Path) -> dict[str, float]:
    """Mean over neighbouring windows of each source's held-out text, in nats a token."""
    losses = {}
    for name in MIXTURE:
        tokens = numpy.load(work / f"{name}.held-out.npy").astype(numpy.int64)
        count = min(EVALUATED_WINDOWS, (len(tokens) - 1) // WINDOW)
        windows = [torch.from_numpy(tokens[i * WINDOW : (i + 1) * WINDOW + 1]) for i in range(count)]
        losses[name] = round(sum(next_token_loss(model, window[None]).item() for window in windows) / count, 4)
    return losses


@torch.no_grad()
def print_samples(model: LlamaForCausalLM, tokenizer: Tokenizer) -> None:
    """Greedy, with repetition held back a little."""
    for prompt in SAMPLE_PROMPTS:
        ids = torch.tensor([tokenizer.encode(prompt).ids])
        output = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=60,
            do_sample=False,
            repetition_penalty=1.15,
            eos_token_id=[END_OF_TEXT, MESSAGE_END],
            pad_token_id=END_OF_TEXT,
        )
        print("   ", json.dumps(tokenizer.decode(output[0].tolist(), skip_special_tokens=False)), flush=True)


# --- files -------------------------------------------------------------------------------------------------------------


def save_model(model: LlamaForCausalLM, tokenizer_path: Path, folder: Path) -> None:
    """Writes the bundled files; the weights as float16."""
    folder.mkdir(parents=True, exist_ok=True)
    half = LlamaForCausalLM(CONFIG).half()
    half.load_state_dict(model.state_dict())
    half.generation_config = GenerationConfig(
        bos_token_id=END_OF_TEXT, eos_token_id=[MESSAGE_END, END_OF_TEXT], pad_token_id=END_OF_TEXT
    )
    half.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    shutil.copy(tokenizer_path, folder / "tokenizer.json")
    (folder / "tokenizer_config.json").write_text(json.dumps(TOKENIZER_CONFIG, indent=2) + "\n", encoding="utf8")
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE, encoding="utf8")


def write_checkpoint(path: Path, model: LlamaForCausalLM, optimizer: AdamW, curve: list[dict], seconds: float, step: int) -> None:
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "seconds": seconds, "step": step, "curve": curve}
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def train(work: Path, limit_seconds: float) -> None:
    model = LlamaForCausalLM._from_config(CONFIG, attn_implementation="sdpa", dtype=torch.float32)
    optimizer, compiled_loss = create_optimizer(model), torch.compile(next_token_loss)
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    checkpoint, step, seconds_before, curve = work / "checkpoint.pt", 0, 0.0, []
    if checkpoint.exists():
        state = torch.load(checkpoint)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        step, seconds_before, curve = state["step"], state["seconds"], state["curve"]
    batches = endless_batches(work, seed=step)
    started = saved = evaluated = time.time()
    recent: list[float] = []
    print(f"{sum(p.numel() for p in model.parameters())} parameters, from step {step}", flush=True)

    def seconds() -> float:
        return seconds_before + time.time() - started

    def evaluate() -> None:
        losses = held_out_losses(model, work)
        curve.append({"step": step, "seconds": round(seconds()), "heldOut": losses})
        print(curve[-1], flush=True)
        print_samples(model, tokenizer)
        save_model(model, work / "tokenizer.json", work / "model")
        (work / "curve.json").write_text(json.dumps(curve, indent=1), encoding="utf8")

    while seconds() < limit_seconds:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, seconds() / limit_seconds)
        loss = compiled_loss(model, next(batches))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        recent.append(loss.item())

        if step % LOG_EVERY == 0:
            entry = {"step": step, "seconds": round(seconds()), "loss": round(sum(recent) / len(recent), 4)}
            curve.append(entry)
            recent = []
            print(entry, f"{step * BATCH_SIZE * WINDOW / seconds():.0f} tokens/s", flush=True)
        if time.time() - evaluated > EVALUATE_SECONDS:
            evaluate()
            evaluated = time.time()
        if time.time() - saved > CHECKPOINT_SECONDS:
            write_checkpoint(checkpoint, model, optimizer, curve, seconds(), step)
            saved = time.time()

    evaluate()
    write_checkpoint(checkpoint, model, optimizer, curve, seconds(), step)
    print("done", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--minutes", type=float, default=95)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    train(options.work, options.minutes * 60)


if __name__ == "__main__":
    main()
