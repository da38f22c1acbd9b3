"""Writes the bottleneck adapters of methods/ with the adapters library, which needs a transformers of its own (4.57).

usage: make_adapters.py   (after make_models.py, with the packages of requirements-adapters.txt)

The bases are those that transformers 5 wrote; that transformers 4 computes the same on them is checked first.
"""
import json
import shutil
from pathlib import Path

import golden_common as golden  # first: it keeps transformers off the network
import adapters
import torch
from adapters import DoubleSeqBnConfig, ParBnConfig, SeqBnConfig
from golden_common import METHODS, MODELS, Settings, encode, pad_labels, read_expected, real_tokens
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification

# Base -> class, folder whose config.json transformers 4 understands (it does not know `rope_parameters`).
BASES = {
    "bert-sequence-classification": (AutoModelForSequenceClassification, "bert-sequence-classification"),
    "llama-causal-lm": (AutoModelForCausalLM, "llama-causal-lm-v4-config"),
}
CONFIGS = {
    "seq-bn": SeqBnConfig(reduction_factor=4),
    "double-seq-bn": DoubleSeqBnConfig(reduction_factor=4),
    "par-bn": ParBnConfig(reduction_factor=2),
}
ADAPTER = "golden"
REPOSITORY = METHODS.parent.parent.parent


def read_base(base_name):
    model_class, config_folder = BASES[base_name]
    config = AutoConfig.from_pretrained(MODELS / config_folder)
    model = model_class.from_pretrained(MODELS / base_name, config=config, attn_implementation="eager")
    return model.eval()


@torch.no_grad()
def compute_logits(model, inputs):
    logits = model(**inputs).logits
    return logits if logits.ndim == 2 else real_tokens(logits, inputs["attention_mask"])


def check_base(model, base_name, inputs):
    expected = golden.read_tensors(MODELS / base_name)["logits"]
    difference = (compute_logits(model, inputs) - expected).abs().max().item()
    assert difference < 1e-5, f"{base_name}: logits of the two transformers differ by {difference}"


def fill_trained(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                noise = 0.2 * torch.randn(parameter.shape, generator=generator)
                parameter.copy_(noise if ".adapters." in name else parameter + noise)


def trained_parameters(model):
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def make_reproducible(file):
    """Paths relative to the repository instead of those of this machine."""
    config = json.loads(file.read_text())
    config["model_name"] = str(Path(config["model_name"]).relative_to(REPOSITORY))
    file.write_text(json.dumps(config, indent=2, sort_keys=True))


def save(model, base_name, folder, inputs):
    """The head goes along where it is trained. Read back, the files must compute the same."""
    shutil.rmtree(folder, ignore_errors=True)
    with_head = any(".adapters." not in name for name in trained_parameters(model))
    model.save_adapter(str(folder), ADAPTER, with_head=with_head, use_safetensors=True)
    for file in folder.glob("*_config.json"):
        make_reproducible(file)
    same = load(base_name, folder)
    assert torch.equal(compute_logits(same, inputs), compute_logits(model, inputs)), f"{folder.name} changed on its way through the file"


def load(base_name, folder):
    """The adapter of a folder on its base, whatever its name."""
    model = read_base(base_name)
    adapters.init(model)
    with_head = (folder / "head_config.json").exists()
    name = model.load_adapter(str(folder), with_head=with_head, use_safetensors=True)
    model.set_active_adapters(name)
    return model.eval()


def make_adapter(base_name, method, config):
    expected = read_expected(base_name)
    model = read_base(base_name)
    inputs = encode(expected["batch"]["ids"], model.config.pad_token_id)
    labels = pad_labels(expected["batch"]["labels"])
    check_base(model, base_name, inputs)
    adapters.init(model)
    model.add_adapter(ADAPTER, config=config)
    model.train_adapter(ADAPTER)
    folder = METHODS / f"{expected['model_type']}-{method}"
    fill_trained(model, golden.seed_of(folder.name))
    save(model.eval(), base_name, folder, inputs)
    compute_loss = lambda trained: trained(**inputs, labels=labels).loss
    summary, tensors = golden.train(model, trained_parameters, compute_loss, Settings(learning_rate=5e-3, warmup_steps=0))
    facts = {key: expected[key] for key in ("model_type", "head", "batch")}
    facts |= {"method": method, "base": base_name, "adapterName": ADAPTER, "versions": golden.versions("adapters")}
    golden.write_fixture(folder, facts | summary, tensors | {"logits": compute_logits(model, inputs)})


if __name__ == "__main__":
    for base_name in BASES:
        for method, config in CONFIGS.items():
            make_adapter(base_name, method, config)
