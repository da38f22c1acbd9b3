"""Writes models/*: weights of make_models.py in other files, as models are found in the wild. Outputs only.

usage: make_variants.py [PATTERN...]   (after make_models.py, with the packages of requirements.txt; PATTERN as in `bert-*`)

Half precision, shards, names of old, config.json as transformers 4 spelt it and with other settings.
"""
import json
import shutil

import golden_common as golden  # first: it keeps transformers off the network
import torch
from golden_common import MODELS, encode, read_expected
from make_models import CONFIGS, HEADS, describe, load_model, text_outputs
from safetensors.torch import load_file, save_file
from transformers import AutoConfig


def write_outputs(name, source, model, folder_has_weights=True, **more):
    """Logits only, of a model that was read back from the files of this fixture."""
    expected = read_expected(source)
    inputs = encode(expected["batch"]["ids"], model.config.pad_token_id)
    outputs = text_outputs(model.float().eval(), inputs)
    weights = {} if folder_has_weights else {"weights": source}
    golden.write_fixture(MODELS / name, describe(model, expected["head"], expected["batch"], **weights, **more), outputs)


def make_half(name, source, dtype):
    """The weights in another precision; expected are the logits that float32 arithmetic makes of them."""
    head, folder = read_expected(source)["head"], MODELS / name
    shutil.rmtree(folder, ignore_errors=True)
    load_model(head, MODELS / source).to(dtype).save_pretrained(folder)
    write_outputs(name, source, load_model(head, folder))


def make_sharded(name, source):
    head, folder = read_expected(source)["head"], MODELS / name
    shutil.rmtree(folder, ignore_errors=True)
    load_model(head, MODELS / source).save_pretrained(folder, max_shard_size="25KB")
    assert len(list(folder.glob("model-*.safetensors"))) >= 2
    write_outputs(name, source, load_model(head, folder))


def make_other_config(name, source, change):
    """Another config.json on the weights of another folder."""
    head, folder = read_expected(source)["head"], MODELS / name
    config = json.loads((MODELS / source / "config.json").read_text())
    change(config)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    model = HEADS[head].from_pretrained(MODELS / source, config=AutoConfig.from_pretrained(folder), attn_implementation="eager")
    write_outputs(name, source, model, folder_has_weights=False)


def spell_as_v4(config):
    """As transformers 4 spells it."""
    config |= {"torch_dtype": config.pop("dtype"), "transformers_version": "4.46.0", "rope_scaling": None}
    config["rope_theta"] = config.pop("rope_parameters")["rope_theta"]


def spell_modernbert_as_v4(config):
    """As the published models have it: which layers look how far follows from a number."""
    rope = config.pop("rope_parameters")
    config |= {"torch_dtype": config.pop("dtype"), "transformers_version": "4.48.0"}
    config["global_rope_theta"] = rope["full_attention"]["rope_theta"]
    config["local_rope_theta"] = rope["sliding_attention"]["rope_theta"]
    del config["layer_types"]


def scale_rope(config):
    """Llama 3's: the fast rotations stay, the slow ones are slowed down, between them a blend; one of each here."""
    spell_as_v4(config)
    config["rope_scaling"] = {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 0.25, "high_freq_factor": 4.0}
    config["rope_scaling"]["original_max_position_embeddings"] = 32


def narrow_window(config):
    config["sliding_window"] = 8


def make_legacy_names(name, source, rename, buffers):
    """The weights under names of old, with buffers among them that today are computed."""
    head, folder = read_expected(source)["head"], MODELS / name
    tensors = {rename(key): tensor for key, tensor in load_file(MODELS / source / "model.safetensors").items()}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(MODELS / source / "config.json", folder / "config.json")
    save_file(tensors | buffers, folder / "model.safetensors", metadata={"format": "pt"})
    model = load_model(head, folder)
    for key, parameter in load_model(head, MODELS / source).named_parameters():
        assert torch.equal(parameter, model.get_parameter(key)), f"{name}: transformers did not read {key}"
    write_outputs(name, source, model)


def first_bert_name(key):
    return key.removeprefix("bert.").replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")


def bert_buffers():
    return {"embeddings.position_ids": torch.arange(CONFIGS["bert"]["max_position_embeddings"]).unsqueeze(0)}


def first_gpt2_name(key):
    return key.removeprefix("transformer.")


def gpt2_buffers():
    size, layers = CONFIGS["gpt2"]["n_positions"], CONFIGS["gpt2"]["n_layer"]
    return {f"h.{layer}.attn.bias": torch.ones(1, 1, size, size).tril() for layer in range(layers)}


OTHER_FILES = {
    "llama-causal-lm-bf16": (make_half, "llama-causal-lm", torch.bfloat16),
    "bert-sequence-classification-bf16": (make_half, "bert-sequence-classification", torch.bfloat16),
    "bert-sequence-classification-f16": (make_half, "bert-sequence-classification", torch.float16),
    "llama-causal-lm-sharded": (make_sharded, "llama-causal-lm"),
    "llama-causal-lm-v4-config": (make_other_config, "llama-causal-lm", spell_as_v4),
    "llama-causal-lm-rope-llama3": (make_other_config, "llama-causal-lm", scale_rope),
    "mistral-causal-lm-window": (make_other_config, "mistral-causal-lm", narrow_window),
    "modernbert-masked-lm-v4-config": (make_other_config, "modernbert-masked-lm", spell_modernbert_as_v4),
    "bert-sequence-classification-legacy-names": (
        make_legacy_names, "bert-sequence-classification", first_bert_name, bert_buffers(),
    ),
    "gpt2-causal-lm-legacy-names": (make_legacy_names, "gpt2-causal-lm", first_gpt2_name, gpt2_buffers()),
}


if __name__ == "__main__":
    for name, (make, *arguments) in OTHER_FILES.items():
        if golden.is_wanted(name):
            make(name, *arguments)
