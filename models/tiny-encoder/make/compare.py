"""Step 3 of 3: does the encoder earn its place? Few labelled rows, this model against random weights of the same shape.

usage: python compare.py DATA MODEL OUTPUT.json [--sets banking77 subjectivity sms-spam]

Both sides are fine-tuned alike (all weights, AdamW, 6 % warm-up, linear decay, batch 16); each gets its own grid of
rates, and random weights twice the epochs. The rate is chosen on rows held back from training, with a seed of its own;
the figure is the mean test accuracy of three other seeds, each with its own ten rows a class.
"""
import argparse
import csv
import json
import os
import random
import statistics
import time
import zipfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, get_linear_schedule_with_warmup

Row = tuple[str, str]  # text, label

ROWS_PER_CLASS = 10
VALIDATION_ROWS = 1_000
TEST_ROWS = 2_000
BATCH_SIZE = 16
MAX_TOKENS = 128
CHOOSING_SEED = 100
SEEDS = (0, 1, 2)
CONTENDERS = {
    "this model": {"pretrained": True, "rates": (2e-4, 5e-4, 1e-3), "epochs": 20},
    "random weights": {"pretrained": False, "rates": (5e-4, 1e-3, 2e-3), "epochs": 40},
}


def read_csv(path: Path, text: str, label: str, encoding: str = "utf8") -> list[Row]:
    with path.open(encoding=encoding, newline="") as file:
        return [(row[text], row[label]) for row in csv.DictReader(file)]


def hold_out_test(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """For sets without a test split of their own; equal texts stay on one side."""
    rows = sorted(set(rows))
    random.Random(0).shuffle(rows)
    return rows[TEST_ROWS:], rows[:TEST_ROWS]


def read_banking77(data: Path) -> tuple[list[Row], list[Row]]:
    folder = data / "banking77"
    return read_csv(folder / "train.csv", "text", "category"), read_csv(folder / "test.csv", "text", "category")


def read_subjectivity(data: Path) -> tuple[list[Row], list[Row]]:
    rows = []
    with zipfile.ZipFile(data / "sentence-polarity-subjectivity/subjectivity.zip") as archive:
        for name, label in (("quote.tok.gt9.5000", "subjective"), ("plot.tok.gt9.5000", "objective")):
            lines = archive.read(f"subjectivity/{name}").decode("latin-1").splitlines()
            rows += [(line.strip(), label) for line in lines if line.strip()]
    return hold_out_test(rows)


def read_sms_spam(data: Path) -> tuple[list[Row], list[Row]]:
    return hold_out_test(read_csv(data / "sms-spam-latin1/spam.csv", "v2", "v1", "latin-1"))


READERS = {"banking77": read_banking77, "subjectivity": read_subjectivity, "sms-spam": read_sms_spam}


def pick_per_class(rows: list[Row], seed: int) -> list[Row]:
    rng, by_label = random.Random(seed), {}
    for row in rows:
        by_label.setdefault(row[1], []).append(row)
    return [row for label in sorted(by_label) for row in rng.sample(by_label[label], ROWS_PER_CLASS)]


def create_model(folder: str, label_count: int, pretrained: bool) -> torch.nn.Module:
    options = {"dtype": torch.float32, "attn_implementation": "eager"}  # on a CPU the fused attention is slow backwards
    if pretrained:
        return AutoModelForSequenceClassification.from_pretrained(folder, num_labels=label_count, **options)
    config = AutoConfig.from_pretrained(folder, num_labels=label_count)
    return AutoModelForSequenceClassification.from_config(config, **options)


def encode(tokenizer, rows: list[Row], labels: list[str]) -> tuple[dict, torch.Tensor]:
    texts = [text for text, _ in rows]
    inputs = tokenizer(texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
    return inputs, torch.tensor([labels.index(label) for _, label in rows])


def fine_tune(model, tokenizer, rows: list[Row], labels: list[str], *, rate: float, epochs: int, seed: int) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01, fused=True)
    total_steps = epochs * -(-len(rows) // BATCH_SIZE)
    schedule = get_linear_schedule_with_warmup(optimizer, int(0.06 * total_steps), total_steps)
    rng, rows = random.Random(seed), list(rows)
    model.train()
    for _ in range(epochs):
        rng.shuffle(rows)
        for start in range(0, len(rows), BATCH_SIZE):
            inputs, target = encode(tokenizer, rows[start : start + BATCH_SIZE], labels)
            with torch.autocast("cpu", torch.bfloat16):
                logits = model(**inputs).logits
            torch.nn.functional.cross_entropy(logits.float(), target).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()


@torch.no_grad()
def accuracy(model, tokenizer, rows: list[Row], labels: list[str]) -> float:
    model.eval()
    rows, correct = sorted(rows, key=lambda row: len(row[0])), 0
    for start in range(0, len(rows), 64):
        inputs, target = encode(tokenizer, rows[start : start + 64], labels)
        with torch.autocast("cpu", torch.bfloat16):
            correct += (model(**inputs).logits.argmax(-1) == target).sum().item()
    return correct / len(rows)


def run_once(folder: str, contender: dict, train: list[Row], judge: list[Row], *, rate: float, seed: int) -> float:
    torch.manual_seed(seed)
    labels = sorted({label for _, label in train})
    model = create_model(folder, len(labels), contender["pretrained"])
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = pick_per_class(train, seed)
    fine_tune(model, tokenizer, rows, labels, rate=rate, epochs=contender["epochs"], seed=seed)
    return accuracy(model, tokenizer, judge, labels)


def measure(folder: str, contender: dict, rows: list[Row], test: list[Row]) -> dict:
    rows = list(rows)
    random.Random(0).shuffle(rows)
    validation, train = rows[:VALIDATION_ROWS], rows[VALIDATION_ROWS:]
    started = time.time()
    by_rate = {}
    for rate in contender["rates"]:
        by_rate[rate] = run_once(folder, contender, train, validation, rate=rate, seed=CHOOSING_SEED)
    rate = max(by_rate, key=by_rate.get)
    scores = [run_once(folder, contender, train, test, rate=rate, seed=seed) for seed in SEEDS]
    return {
        "rate": rate,
        "epochs": contender["epochs"],
        "validationByRate": {str(key): round(value, 4) for key, value in by_rate.items()},
        "testBySeed": [round(score, 4) for score in scores],
        "mean": round(statistics.mean(scores), 4),
        "spread": round(max(scores) - min(scores), 4),
        "seconds": round(time.time() - started),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("model")
    parser.add_argument("output", type=Path)
    parser.add_argument("--sets", nargs="+", choices=READERS, default=list(READERS))
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    results = {}
    for name in options.sets:
        rows, test = READERS[name](options.data)
        for contender in options.contenders:
            results.setdefault(name, {})[contender] = measure(options.model, CONTENDERS[contender], rows, test)
            print(name, contender, json.dumps(results[name][contender]), flush=True)
            options.output.write_text(json.dumps(results, indent=1), encoding="utf8")


if __name__ == "__main__":
    main()
