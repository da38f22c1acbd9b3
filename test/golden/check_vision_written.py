"""Reads what Temper wrote for a fixture that sees with transformers, and with PEFT where it is an adapter, and compares scores.

usage: check_vision_written.py (FIXTURE WRITTEN_DIR SCORES)...
FIXTURE      a folder of models/ made by make_vision.py: its batch, and for an adapter the base
WRITTEN_DIR  a whole model or a PEFT adapter
SCORES       a safetensors file with Temper's `scores` for the fixture's batch: logits of classes, or of every image and text
Prints one JSON line each with the largest difference; exit code 1 when one is above 1e-5.
"""
import json
import sys
from pathlib import Path

import golden_common as golden  # first: it keeps transformers off the network
import torch
import transformers
from golden_common import encode, read_tensors
from peft import PeftModel
from safetensors.torch import load_file

TOLERANCE = 1e-5
PADDING = {"clip": 1, "blip-2": 0}


def read_model(fixture, written):
    model_class = getattr(transformers, json.loads((fixture / "config.json").read_text())["architectures"][0])
    is_adapter = (written / "adapter_config.json").exists()
    model = model_class.from_pretrained(fixture if is_adapter else written, attn_implementation="eager")
    return (PeftModel.from_pretrained(model, written) if is_adapter else model).eval()


def read_inputs(fixture):
    expected = json.loads((fixture / "expected.json").read_text())
    ids, model_type = expected["batch"].get("ids"), expected["model_type"]
    pixels = {"pixel_values": read_tensors(fixture)["batch.pixel_values"]}
    if ids is None:
        return pixels
    return pixels | ({"input_ids": torch.tensor(ids)} if model_type == "siglip" else encode(ids, PADDING[model_type]))


@torch.no_grad()
def compare(fixture, written, scores_file):
    found = read_model(fixture, written)(**read_inputs(fixture))
    scores = found.logits if "logits" in found else found.logits_per_image
    difference = (scores - load_file(scores_file)["scores"]).abs().max().item()
    print(json.dumps({"fixture": fixture.name, "largestDifference": difference}), flush=True)
    return difference <= TOLERANCE


if __name__ == "__main__":
    paths = [Path(argument) for argument in sys.argv[1:]]
    golden.logging.set_verbosity_error()
    results = [compare(*three) for three in zip(paths[::3], paths[1::3], paths[2::3])]
    sys.exit(0 if results and all(results) else 1)
