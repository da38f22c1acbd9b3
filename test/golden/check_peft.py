"""Loads checkpoints written by `temper train` with PEFT, or with transformers alone, and compares their logits with Temper's.

usage: check_peft.py BASE_MODEL_DIR (CHECKPOINT_DIR LOGITS_JSON)...   (LOGITS_JSON: {"texts": [...], "logits": [[...]]})
A checkpoint with an adapter_config.json is put on the base by PEFT; any other is a whole model and the base is not read.
Prints one JSON line per checkpoint with the largest difference; exit code 1 when one is above 1e-4.
"""
import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from peft import PeftModel
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer


def load(base_dir, checkpoint_dir):
    config = AutoConfig.from_pretrained(checkpoint_dir)
    if not os.path.exists(os.path.join(checkpoint_dir, "adapter_config.json")):
        return AutoModelForSequenceClassification.from_pretrained(checkpoint_dir, dtype=torch.float32)
    base = AutoModelForSequenceClassification.from_pretrained(base_dir, config=config, dtype=torch.float32)
    return PeftModel.from_pretrained(base, checkpoint_dir)


def compare(base_dir, checkpoint_dir, logits_file):
    with open(logits_file, encoding="utf8") as file:
        expected = json.load(file)
    model = load(base_dir, checkpoint_dir).eval()
    encoded = AutoTokenizer.from_pretrained(checkpoint_dir)(expected["texts"], padding=True, return_tensors="pt")
    with torch.no_grad():
        logits = model(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"]).logits
    difference = (logits - torch.tensor(expected["logits"])).abs().max().item()
    labels = [model.config.id2label[index] for index in range(model.config.num_labels)]
    print(json.dumps({"largestDifference": difference, "rows": len(expected["texts"]), "labels": labels}), flush=True)
    return difference <= 1e-4


base, *pairs = sys.argv[1:]
results = [compare(base, *pair) for pair in zip(pairs[::2], pairs[1::2])]
sys.exit(0 if all(results) else 1)
