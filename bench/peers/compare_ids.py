"""Encodes texts with a model folder's tokenizer as transformers loads it, to compare ids.

usage: compare_ids.py MODEL TEXTS MAX_LENGTH

TEXTS is a JSON file, {"texts": [...], "ids": [[...], ...]}. Prints one JSON line: how many texts have other ids here, and
the first of them.
"""
import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import transformers

model, path, max_length = sys.argv[1:]
with open(path, encoding="utf8") as file:
    given = json.load(file)
tokenizer = transformers.AutoTokenizer.from_pretrained(model)
ids = tokenizer(given["texts"], truncation=True, max_length=int(max_length))["input_ids"]
different = [text for text, ours, theirs in zip(given["texts"], given["ids"], ids) if ours != theirs]
print(json.dumps({"different": len(different), "examples": different[:3]}))
