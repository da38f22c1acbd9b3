"""Step 3 of 3: does the decoder earn its place? The instruction-tuning template with LoRA, against random weights.

usage: python compare.py TEMPLATE/data MODEL OUTPUT.json [--rates 1e-3 2e-3 5e-3] [--epochs 10]

The loss is the mean over the assistant's tokens, its closing token included. An answer counts as exact when greedy
decoding gives the wanted last message letter for letter. Random weights are tuned whole, with rates of their own and
twice the epochs; each contender keeps the rate that is best on the validation rows.
"""
import argparse
import json
import os
import random
import time
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from peft import LoraConfig, get_peft_model
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, get_linear_schedule_with_warmup

Messages = list[dict[str, str]]
Row = tuple[torch.Tensor, torch.Tensor]  # ids, labels with -100 where nobody is asked

MAX_TOKENS = 256
MAX_NEW_TOKENS = 40
BATCH_SIZE = 16
WARMUP_SHARE = 0.06
SHOWN = 5
CONTENDERS = {
    "untouched": {"pretrained": True, "lora": False, "rates": (None,), "epochs": 0},
    "LoRA": {"pretrained": True, "lora": True},
    "random weights": {"pretrained": False, "lora": False, "rates": (1e-3, 2e-3, 4e-3)},
}


def read_messages(path: Path) -> list[Messages]:
    return [json.loads(line)["messages"] for line in path.read_text(encoding="utf8").splitlines()]


def encode(tokenizer, messages: Messages) -> Row:
    """The whole chat once; a token is asked for when it lies within an assistant's message or closes one."""
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    spans = []
    for position in (index for index, message in enumerate(messages) if message["role"] == "assistant"):
        start = len(tokenizer.apply_chat_template(messages[:position], tokenize=False, add_generation_prompt=True))
        end = len(tokenizer.apply_chat_template(messages[: position + 1], tokenize=False).rstrip("\n"))
        spans.append((start, end))
    encoding = tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)
    ids = torch.tensor(encoding["input_ids"][:MAX_TOKENS])
    asked = [any(start <= first and last <= end for start, end in spans) for first, last in encoding["offset_mapping"]]
    return ids, torch.where(torch.tensor(asked[:MAX_TOKENS]), ids, -100)


def summed_loss(model, rows: list[Row]) -> tuple[torch.Tensor, int]:
    """Cross-entropy summed over the asked tokens, and how many they are."""
    ids = pad_sequence([row for row, _ in rows], batch_first=True)  # (B, T); on the right, where nobody looks
    labels = pad_sequence([row for _, row in rows], batch_first=True, padding_value=-100)
    logits = model(input_ids=ids, use_cache=False).logits[:, :-1]  # (B, T - 1, V)
    loss = cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten(), reduction="sum")
    return loss, int((labels[:, 1:] != -100).sum())


@torch.no_grad()
def mean_loss(model, rows: list[Row]) -> float:
    parts = [summed_loss(model, rows[start : start + BATCH_SIZE]) for start in range(0, len(rows), BATCH_SIZE)]
    return sum(loss.item() for loss, _ in parts) / sum(count for _, count in parts)


@torch.no_grad()
def answer_all(model, tokenizer, split: list[Messages]) -> list[str]:
    """Greedy, all chats at once; those with a shorter prompt are padded on the left."""
    prompts = [tokenizer.apply_chat_template(row[:-1], tokenize=False, add_generation_prompt=True) for row in split]
    inputs = tokenizer(prompts, padding=True, padding_side="left", return_tensors="pt", add_special_tokens=False)
    ids, mask = inputs["input_ids"], inputs["attention_mask"]
    output = model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=MAX_NEW_TOKENS, do_sample=False)
    return [text.strip() for text in tokenizer.batch_decode(output[:, ids.shape[1] :], skip_special_tokens=True)]


def create_model(folder: str, contender: dict):
    options = {"dtype": torch.float32, "attn_implementation": "sdpa"}
    if not contender["pretrained"]:
        return AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), **options)
    model = AutoModelForCausalLM.from_pretrained(folder, **options)
    if not contender["lora"]:
        return model
    return get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=16, lora_alpha=32, target_modules="all-linear"))


def tune(model, rows: list[Row], validation: list[Row], *, rate: float, epochs: int) -> list[float]:
    """AdamW, linear warm-up and decay; returns the validation loss after each epoch."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=rate, weight_decay=0.01)
    total_steps = epochs * -(-len(rows) // BATCH_SIZE)
    schedule = get_linear_schedule_with_warmup(optimizer, int(WARMUP_SHARE * total_steps), total_steps)
    rng, rows, curve = random.Random(42), list(rows), []
    for _ in range(epochs):
        rng.shuffle(rows)
        for start in range(0, len(rows), BATCH_SIZE):
            loss, count = summed_loss(model, rows[start : start + BATCH_SIZE])
            (loss / count).backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
        curve.append(round(mean_loss(model, validation), 4))
    return curve


def measure(folder: str, contender: dict, tokenizer, splits: dict[str, list[Messages]], rate: float | None) -> dict:
    torch.manual_seed(42)
    rows = {name: [encode(tokenizer, messages) for messages in split] for name, split in splits.items()}
    model, started = create_model(folder, contender), time.time()
    curve = tune(model, rows["train"], rows["validation"], rate=rate, epochs=contender["epochs"]) if rate else []
    result = {"rate": rate, "epochs": contender["epochs"], "seconds": round(time.time() - started), "validationByEpoch": curve}
    for name in ("validation", "test", "ood"):
        wanted = [messages[-1]["content"] for messages in splits[name]]
        given = answer_all(model, tokenizer, splits[name])
        exact = sum(one == other for one, other in zip(given, wanted)) / len(wanted)
        result[name] = {"loss": round(mean_loss(model, rows[name]), 4), "exact": round(exact, 4)}
        shown = [{"asked": messages[-2]["content"], "given": text} for messages, text in zip(splits[name], given)]
        result[name]["samples"] = shown[:SHOWN]
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("model")
    parser.add_argument("output", type=Path)
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--rates", nargs="+", type=float, default=[1e-3, 2e-3, 5e-3])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    splits = {name: read_messages(options.data / f"{name}.jsonl") for name in ("train", "validation", "test", "ood")}
    results = {}
    for name in options.contenders:
        defaults = {"rates": options.rates, "epochs": options.epochs * (1 if CONTENDERS[name]["pretrained"] else 2)}
        contender = {**defaults, **CONTENDERS[name]}
        tried = [measure(options.model, contender, tokenizer, splits, rate) for rate in contender["rates"]]
        results[name] = min(tried, key=lambda result: result["validation"]["loss"])
        results[name]["validationByRate"] = {str(result["rate"]): result["validation"]["loss"] for result in tried}
        print(name, json.dumps(results[name], indent=1), flush=True)
        options.output.write_text(json.dumps(results, indent=1), encoding="utf8")


if __name__ == "__main__":
    main()
