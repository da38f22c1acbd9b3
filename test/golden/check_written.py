"""Reads what Temper wrote for a fixture with the library that owns the format, and compares logits.

usage: check_written.py (FIXTURE WRITTEN_DIR LOGITS)...
FIXTURE      a folder of models/ or methods/: its batch and, for an adapter, its base
WRITTEN_DIR  a whole model (transformers), a PEFT adapter, or an adapter of the adapters library (that in its own Python)
LOGITS       a safetensors file with Temper's `logits` for the fixture's batch, real tokens only
Prints one JSON line each with the largest difference; exit code 1 when one is above 1e-5.
"""
import json
import sys
from pathlib import Path

import golden_common as golden
from golden_common import MODELS, encode
from safetensors.torch import load_file

TOLERANCE = 1e-5


def read_adapter(base_name, folder):
    """One written by the adapters library has its weights in adapter.safetensors, one by PEFT in adapter_model.safetensors."""
    if not (folder / "adapter.safetensors").exists():
        from make_methods import compute_logits, read_base
        from peft import PeftModel

        return compute_logits, PeftModel.from_pretrained(read_base(base_name)[0], folder).eval()
    import make_adapters

    return make_adapters.compute_logits, make_adapters.load(base_name, folder)


def read_model(head, folder):
    from make_methods import compute_logits
    from make_models import load_model

    return compute_logits, load_model(head, folder)


def compare(fixture, written, logits_file):
    expected = json.loads((fixture / "expected.json").read_text())
    is_adapter = (written / "adapter_config.json").exists()
    compute_logits, model = read_adapter(expected["base"], written) if is_adapter else read_model(expected["head"], written)
    pad_id = json.loads((MODELS / expected.get("base", fixture.name) / "config.json").read_text())["pad_token_id"]
    logits = compute_logits(model, encode(expected["batch"]["ids"], pad_id))
    difference = (logits - load_file(logits_file)["logits"]).abs().max().item()
    print(json.dumps({"fixture": fixture.name, "largestDifference": difference, "shape": list(logits.shape)}), flush=True)
    return difference <= TOLERANCE


if __name__ == "__main__":
    paths = [Path(argument) for argument in sys.argv[1:]]
    golden.logging.set_verbosity_error()
    results = [compare(*three) for three in zip(paths[::3], paths[1::3], paths[2::3])]
    sys.exit(0 if results and all(results) else 1)
