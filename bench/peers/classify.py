"""A whole fine-tune with Hugging Face's Trainer and PEFT, on a project's data/{train,validation,test}.jsonl (text, label).

usage: classify.py PROJECT MODEL lora|full [--epochs 3] [--lr 3e-3] [--batch 16] [--threads 2] [--group]
                   [--evaluations-per-epoch 1]

MODEL is a Hugging Face folder. Everything that is not named here is the Trainer's default; --group makes batches of rows of
like length, as Temper does. Prints one JSON line: test accuracy, the validation accuracies with the seconds since training
began, seconds of training in all, peak memory.
"""
import argparse
import json
import math
import os
import resource
import sys
import tempfile
import time

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "true"

import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("project")
    parser.add_argument("model")
    parser.add_argument("method", choices=["lora", "full"])
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--group", action="store_true")
    parser.add_argument("--evaluations-per-epoch", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def read_rows(project, split):
    with open(os.path.join(project, "data", f"{split}.jsonl"), encoding="utf8") as file:
        return [json.loads(line) for line in file]


def encode(rows, tokenizer, labels):
    return [dict(tokenizer(row["text"], truncation=True, max_length=128), labels=labels.index(row["label"])) for row in rows]


def create_model(arguments, labels):
    model = AutoModelForSequenceClassification.from_pretrained(arguments.model, num_labels=len(labels), dtype=torch.float32)
    if arguments.method == "full":
        return model
    from peft import LoraConfig, get_peft_model

    return get_peft_model(model, LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16, target_modules=["query", "value"]))


class Clock(TrainerCallback):
    """Notes when each validation accuracy was there."""

    def __init__(self):
        self.curve = []

    def on_train_begin(self, *_, **__):
        self.start = time.time()

    def on_evaluate(self, arguments, state, control, metrics=None, **__):
        if "eval_accuracy" in (metrics or {}):
            self.curve.append([state.global_step, round(time.time() - self.start, 2), round(metrics["eval_accuracy"], 4)])


def training_arguments(arguments, rows):
    every = max(1, round(math.ceil(rows / arguments.batch) / arguments.evaluations_per_epoch))
    grouping = {"train_sampling_strategy": "group_by_length"} if arguments.group else {}
    return TrainingArguments(
        output_dir=tempfile.mkdtemp(),
        num_train_epochs=arguments.epochs,
        learning_rate=arguments.lr,
        per_device_train_batch_size=arguments.batch,
        per_device_eval_batch_size=64,
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        seed=arguments.seed,
        disable_tqdm=True,
        logging_steps=100,
        **grouping,
    )


def main():
    arguments = read_arguments()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    train, validation, test = (read_rows(arguments.project, split) for split in ("train", "validation", "test"))
    labels = sorted({row["label"] for row in train})
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    clock = Clock()
    trainer = Trainer(
        model=create_model(arguments, labels),
        args=training_arguments(arguments, len(train)),
        train_dataset=encode(train, tokenizer, labels),
        eval_dataset=encode(validation, tokenizer, labels),
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=lambda p: {"accuracy": float((p.predictions.argmax(-1) == p.label_ids).mean())},
        callbacks=[clock],
    )
    trainer.train()
    seconds = time.time() - clock.start
    curve = list(clock.curve)
    accuracy = trainer.evaluate(encode(test, tokenizer, labels))["eval_accuracy"]
    kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    print(json.dumps({
        "steps": trainer.state.global_step,
        "seconds": round(seconds, 1),
        "testAccuracy": round(accuracy, 4),
        "curve": curve,
        "peakMb": round(kibibytes * 1024 / 1e6),
    }))


main()
