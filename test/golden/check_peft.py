"""Loads an adapter written by `temper train` with PEFT and compares its logits with Temper's.

usage: check_peft.py BASE_MODEL_DIR CHECKPOINT_DIR LOGITS_JSON   (LOGITS_JSON: {"texts": [...], "logits": [[...]]})
Prints one JSON line with the largest difference; exit code 1 when it is above 1e-4.
"""
import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from peft import PeftModel
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

base_dir, checkpoint_dir, logits_file = sys.argv[1:4]
with open(logits_file, encoding="utf8") as file:
    expected = json.load(file)
config = AutoConfig.from_pretrained(checkpoint_dir)
base = AutoModelForSequenceClassification.from_pretrained(base_dir, config=config, dtype=torch.float32)
model = PeftModel.from_pretrained(base, checkpoint_dir).eval()
encoded = AutoTokenizer.from_pretrained(checkpoint_dir)(expected["texts"], padding=True, return_tensors="pt")
with torch.no_grad():
    logits = model(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"]).logits
difference = (logits - torch.tensor(expected["logits"])).abs().max().item()
print(json.dumps({"largestDifference": difference, "rows": len(expected["texts"]), "labels": config.num_labels}))
sys.exit(0 if difference <= 1e-4 else 1)
