"""Writes methods/ on models that see: LoRA as PEFT saves it on ViT (image classification) and CLIP (dual encoder).

usage: make_vision_methods.py [PATTERN...]   (after make_vision.py, with the packages of requirements.txt; PATTERN as in `vit-*`)

transformers 5 calls ViT's modules otherwise in memory than in the model's file, and PEFT's file follows the memory.
"""
import copy
import shutil

import golden_common as golden  # first: it keeps transformers off the network
import torch
from golden_common import METHODS, MODELS, encode, read_expected, read_tensors
from make_methods import LORA, SETTINGS, fill_trained, make_reproducible, trained_parameters
from make_models import file_parameters
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import CLIPModel, ViTForImageClassification

FIXTURES = {
    "vit-lora": ("vit-image-classification", ViTForImageClassification, {"target_modules": ["q_proj", "v_proj"], "modules_to_save": ["classifier"]}),
    "vit-lora-all-linear": ("vit-image-classification", ViTForImageClassification, {"target_modules": "all-linear", "modules_to_save": ["classifier"]}),
    "clip-lora": ("clip-dual-encoder", CLIPModel, {"target_modules": ["q_proj", "v_proj"]}),
}


def read_inputs(base_name):
    """What the model is given, and what it is given beside that to compute its loss."""
    batch = read_expected(base_name)["batch"]
    pixels = {"pixel_values": read_tensors(MODELS / base_name)["batch.pixel_values"]}
    if "ids" in batch:
        return batch, pixels | encode(batch["ids"], 1), {"return_loss": True}
    return batch, pixels, {"labels": torch.tensor(batch["labels"])}


def in_precision_of(model, inputs):
    return golden.as_typed(inputs, next(model.parameters()).dtype)


@torch.no_grad()
def compute_scores(model, inputs):
    found = model(**inputs)
    return found.logits if "logits" in found else found.logits_per_image


def make_lora(name, base_name, model_class, options):
    base = model_class.from_pretrained(MODELS / base_name, attn_implementation="eager").eval()
    batch, inputs, more = read_inputs(base_name)
    folder = METHODS / name
    model = fill_trained(get_peft_model(copy.deepcopy(base), LoraConfig(**LORA, **options)), golden.seed_of(name))
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
    make_reproducible(folder / "adapter_config.json")
    same = PeftModel.from_pretrained(copy.deepcopy(base), folder).eval()
    assert torch.equal(compute_scores(same, inputs), compute_scores(model, inputs)), f"{name} changed on its way through the file"
    compute_loss = lambda trained: trained(**in_precision_of(trained, inputs), **more).loss
    summary, tensors = golden.train(model, trained_parameters, compute_loss, SETTINGS)
    tensors["logits"] = compute_scores(model, inputs)
    tensors |= merged_tensors(model, base)
    expected = read_expected(base_name)
    facts = {"model_type": expected["model_type"], "head": expected["head"], "method": "lora", "base": base_name}
    golden.write_fixture(folder, facts | {"versions": golden.versions("peft"), "batch": batch} | summary, tensors)


def merged_tensors(model, base):
    """The base's tensors that a merge changes, under the names of its file."""
    merged, before = file_parameters(copy.deepcopy(model).merge_and_unload()), file_parameters(base)
    return {f"merged.{name}": p for name, p in merged.items() if not torch.equal(p, before[name])}


if __name__ == "__main__":
    for name, arguments in FIXTURES.items():
        if golden.is_wanted(name):
            make_lora(name, *arguments)
