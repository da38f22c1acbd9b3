"""Loads adapters that Temper wrote with the library that owns their format and compares its logits with Temper's.

usage: check_added_methods.py CASES_JSON   ([{"library": "peft" | "adapters", "head", "base", "config", "folder", "ids", "logits"}])
`base` has the weights, `config` the config.json that this transformers understands. Prints one JSON line per case.
The two libraries need different releases of transformers, so each is imported only when a case asks for it.
"""
import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification

CLASSES = {"sequence-classification": AutoModelForSequenceClassification, "causal-lm": AutoModelForCausalLM}


def load_base(case):
    config = AutoConfig.from_pretrained(case["config"])
    return CLASSES[case["head"]].from_pretrained(case["base"], config=config, dtype=torch.float32, attn_implementation="eager")


def load_peft(case):
    from peft import PeftModel

    return PeftModel.from_pretrained(load_base(case), case["folder"])


def load_adapters(case):
    import adapters

    model = load_base(case)
    adapters.init(model)
    with_head = Path(case["folder"], "model_head.safetensors").exists()
    name = model.load_adapter(case["folder"], with_head=with_head, use_safetensors=True)
    model.set_active_adapters(name)
    return model


def pad(rows):
    longest = max(map(len, rows))
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    return ids, torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])


@torch.no_grad()
def compute_logits(model, rows):
    """[rows, labels], or [tokens, vocabulary] of the rows' own tokens: neither padding nor virtual tokens."""
    ids, mask = pad(rows)
    logits = model(input_ids=ids, attention_mask=mask).logits
    return logits if logits.ndim == 2 else logits[:, logits.shape[1] - ids.shape[1] :][mask.bool()]


for case in json.loads(Path(sys.argv[1]).read_text()):
    model = {"peft": load_peft, "adapters": load_adapters}[case["library"]](case).eval()
    difference = (compute_logits(model, case["ids"]).flatten() - torch.tensor(case["logits"])).abs().max().item()
    print(json.dumps({"largestDifference": difference}), flush=True)
