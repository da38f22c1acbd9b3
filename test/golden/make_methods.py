"""Writes methods/: adapters as PEFT saves them on bases of models/, what they compute, how they learn, what they merge to.

usage: make_methods.py [PATTERN...]   (after make_models.py, with the packages of requirements.txt; PATTERN as in `bert-lora*`)

The adapter file is the initial state, and none of it is trivial: LoRA's B is not zero, IA3's vectors are not one.
"""
import copy
import json
import shutil
from pathlib import Path

import golden_common as golden  # first: it keeps transformers off the network
import torch
from bitsandbytes.functional import dequantize_4bit
from bitsandbytes.nn import Linear4bit
from golden_common import METHODS, MODELS, Settings, encode, read_expected
from make_models import file_parameters, load_model, text_loss
from peft import IA3Config, LoraConfig, PeftModel, PrefixTuningConfig, PromptTuningConfig
from peft import get_peft_model, get_peft_model_state_dict
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

BASES = {"bert": "bert-sequence-classification", "llama": "llama-causal-lm", "gpt2": "gpt2-causal-lm"}
TASKS = {"sequence-classification": "SEQ_CLS", "causal-lm": "CAUSAL_LM"}
VIRTUAL_TOKENS = 4
LORA = {"r": 4, "lora_alpha": 6}
ATTENTION = {"bert": ["query", "value"], "llama": ["q_proj", "v_proj"], "gpt2": ["c_attn"]}
REGEX = {
    "bert": r".*\.layer\.1\.(attention\.self\.(query|key)|intermediate\.dense)",
    "llama": r"model\.layers\.0\.(self_attn\.(k|o)_proj|mlp\.down_proj)",
}
EMBEDDING = {"bert": ["word_embeddings", "query"], "llama": ["embed_tokens", "q_proj"]}
SAVED = {"bert": ["pooler", "classifier"], "llama": ["lm_head"]}
REPOSITORY = METHODS.parent.parent.parent
WRAPPERS = {"modules_to_save", "original_module"}
SETTINGS = Settings(learning_rate=5e-3, warmup_steps=0)


# --- the initial state ---


def fill_trained(model, seed):
    """What is trained starts away from zero and one, and copies of the base's own tensors away from the base."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not parameter.requires_grad:
                continue
            noise = 0.2 * torch.randn(parameter.shape, generator=generator)
            is_factor = "ia3_" in name or "magnitude" in name
            is_own = "lora_" in name or "prompt_encoder" in name
            parameter.copy_(parameter * (1 + noise) if is_factor else noise if is_own else parameter + noise)
    return model.eval()


def peft_parameters(model):
    """What is trained, under the names of the adapter file: the file's tensors are the parameters' own memory.

    With bias="all" PEFT writes a saved module's bias three times; the names of its wrappers are left out here.
    """
    trained = {p.data_ptr(): p for p in model.parameters() if p.requires_grad}
    plain = {name: t for name, t in get_peft_model_state_dict(model).items() if not WRAPPERS & set(name.split("."))}
    return {name: trained[t.data_ptr()] for name, t in plain.items() if t.data_ptr() in trained}


def prompt_parameters(model):
    """Prompt and prefix tuning save a computed table; without a projection it is the embedding, with one there are more."""
    heads = peft_parameters(model)
    encoder = model.prompt_encoder["default"]
    if not getattr(encoder, "prefix_projection", False):
        return heads | {"prompt_embeddings": encoder.embedding.weight}
    return heads | {f"prompt_encoder.{name}": parameter for name, parameter in encoder.named_parameters()}


def trained_parameters(model):
    names = prompt_parameters(model) if model.active_peft_config.is_prompt_learning else peft_parameters(model)
    count = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert sum(p.numel() for p in names.values()) == count, "not every trained parameter has a name"
    return names


# --- outputs ---


@torch.no_grad()
def compute_logits(model, inputs):
    """Real tokens only: neither padding nor the virtual tokens in front."""
    logits = model(**inputs).logits
    if logits.ndim == 2:
        return logits
    return logits[:, logits.shape[1] - inputs["input_ids"].shape[1] :][inputs["attention_mask"].bool()]


def merge(model, base, inputs):
    """The base's tensors that a merge changes."""
    merged = copy.deepcopy(model).merge_and_unload()
    difference = (compute_logits(merged, inputs) - compute_logits(model, inputs)).abs().max().item()
    assert difference < 1e-5, f"merged logits differ by {difference}"
    before = file_parameters(base)
    return {f"merged.{name}": p for name, p in file_parameters(merged).items() if not torch.equal(p, before[name])}


def read_base_expected(base_name):
    """No row labels its first token. Only PEFT's prompt tuning would look at that label: there the last virtual token predicts it."""
    expected = read_expected(base_name)
    if expected["head"] == "causal-lm":
        expected["batch"]["labels"] = [[golden.IGNORED, *labels[1:]] for labels in expected["batch"]["labels"]]
    return expected


def describe(method, base_name, **more):
    expected = read_base_expected(base_name)
    return {
        "model_type": expected["model_type"],
        "head": expected["head"],
        "method": method,
        "base": base_name,
        "versions": golden.versions("peft"),
        "batch": expected["batch"],
        **more,
    }


def read_base(base_name):
    expected = read_base_expected(base_name)
    model = load_model(expected["head"], MODELS / base_name)
    inputs = encode(expected["batch"]["ids"], model.config.pad_token_id)
    return model, inputs, text_loss(expected["head"], inputs, expected["batch"]["labels"])


# --- PEFT ---


def make_peft(name, base_name, config):
    base, inputs, compute_loss = read_base(base_name)
    model = fill_trained(get_peft_model(copy.deepcopy(base), config), golden.seed_of(name))
    shutil.rmtree(METHODS / name, ignore_errors=True)
    save_adapter(model, base, METHODS / name, inputs)
    summary, tensors = golden.train(model, trained_parameters, compute_loss, SETTINGS)
    tensors["logits"] = compute_logits(model, inputs)
    if not config.is_prompt_learning:
        tensors |= merge(model, base, inputs)
    elif getattr(config, "prefix_projection", False):
        tensors |= {f"initial.{name}": p for name, p in trained_parameters(model).items() if name.startswith("prompt_encoder.")}
    golden.write_fixture(METHODS / name, describe(name.split("-", 1)[1], base_name) | summary, tensors)


def save_adapter(model, base, folder, inputs):
    """The folder as PEFT writes it, less its README; read back it must compute the same."""
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
    make_reproducible(folder / "adapter_config.json")
    same = PeftModel.from_pretrained(copy.deepcopy(base), folder).eval()
    assert torch.equal(compute_logits(same, inputs), compute_logits(model, inputs)), f"{folder.name} changed on its way through the file"


def make_reproducible(file):
    """PEFT writes a set of targets in any order and the path on this machine."""
    config = json.loads(file.read_text())
    config["base_model_name_or_path"] = str(Path(config["base_model_name_or_path"]).relative_to(REPOSITORY))
    for key in ("target_modules", "feedforward_modules"):
        if isinstance(config.get(key), list):
            config[key] = sorted(config[key])
    file.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def peft_fixtures():
    """Fixture name -> base, configuration. What a base cannot have is absent: Llama has no biases."""
    made = {}
    for model_type in ("bert", "llama"):
        task = {"task_type": TASKS[read_expected(BASES[model_type])["head"]]}
        prompt = task | {"num_virtual_tokens": VIRTUAL_TOKENS}
        lora = LORA | task | {"target_modules": ATTENTION[model_type]}
        configs = {
            "lora": LoraConfig(**lora),
            "lora-all-linear": LoraConfig(**lora | {"target_modules": "all-linear"}),
            "lora-rslora-dora": LoraConfig(**lora, use_rslora=True, use_dora=True),
            "lora-regex": LoraConfig(**lora | {"target_modules": REGEX[model_type]}),
            "lora-embedding": LoraConfig(**lora | {"target_modules": EMBEDDING[model_type]}),
            "lora-modules-to-save": LoraConfig(**lora, modules_to_save=SAVED[model_type]),
            "ia3": IA3Config(**task),
            "prefix-tuning": PrefixTuningConfig(**prompt),
            "prefix-tuning-projection": PrefixTuningConfig(**prompt, prefix_projection=True, encoder_hidden_size=10),
            "prompt-tuning": PromptTuningConfig(**prompt),
        }
        made |= {f"{model_type}-{method}": (BASES[model_type], config) for method, config in configs.items()}
    for model_type in ("bert", "gpt2"):
        task = TASKS[read_expected(BASES[model_type])["head"]]
        lora = LORA | {"task_type": task, "target_modules": ATTENTION[model_type], "fan_in_fan_out": model_type == "gpt2"}
        for bias in ("all", "lora_only"):
            made[f"{model_type}-lora-bias-{bias.replace('_', '-')}"] = (BASES[model_type], LoraConfig(**lora, bias=bias))
        if model_type == "gpt2":
            made["gpt2-lora"] = (BASES["gpt2"], LoraConfig(**lora))
            made["gpt2-ia3"] = (BASES["gpt2"], IA3Config(task_type=task, fan_in_fan_out=True))
    return made


# --- QLoRA ---


def quantize_base(base_name, folder):
    """transformers' own 4-bit model file: NF4, double-quantised, all linear layers but the output's."""
    config = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=torch.float32
    )
    read = lambda source, **more: AutoModelForCausalLM.from_pretrained(
        source, dtype=torch.float32, attn_implementation="eager", device_map="cpu", **more
    )
    shutil.rmtree(folder, ignore_errors=True)
    read(MODELS / base_name, quantization_config=config).save_pretrained(folder)
    return read(folder)


def make_qlora(name, base_name):
    """LoRA trained in float32 on the dequantised base; bitsandbytes' own 4-bit layers must compute the same."""
    base, inputs, compute_loss = read_base(base_name)
    folder = METHODS / name
    shutil.rmtree(folder, ignore_errors=True)
    packed = quantize_base(base_name, folder / "quantized")
    layers = {key: module.weight for key, module in packed.named_modules() if isinstance(module, Linear4bit)}
    dequantized = {f"{key}.weight": dequantize_4bit(weight.data, weight.quant_state) for key, weight in layers.items()}
    base.load_state_dict(dequantized, strict=False)
    config = LoraConfig(**LORA, target_modules="all-linear", task_type="CAUSAL_LM")
    model = fill_trained(get_peft_model(copy.deepcopy(base), config), golden.seed_of(name))
    save_adapter(model, base, folder, inputs)
    summary, tensors = golden.train(model, trained_parameters, compute_loss, SETTINGS)
    tensors |= {f"dequantized.{key}": tensor for key, tensor in dequantized.items()}
    tensors |= merge(model, base, inputs) | {"logits": compute_logits(model, inputs)}
    on_packed = compute_logits(PeftModel.from_pretrained(packed, folder).train(), inputs)  # eval() packs anew for bfloat16
    difference = (on_packed - tensors["logits"]).abs().max().item()
    assert difference < 1e-5, f"4-bit logits differ by {difference}"
    expected = describe("qlora", base_name, quantized="quantized") | {"versions": golden.versions("peft", "bitsandbytes")}
    golden.write_fixture(folder, expected | summary, tensors)


# --- a part of the model itself ---


def make_part(name, base_name, is_trained):
    """Bias-only (BitFit, https://arxiv.org/abs/2106.10199) and head-only: the base's own tensors, the rest stands still."""
    base, inputs, compute_loss = read_base(base_name)
    select = lambda model: {key: p for key, p in file_parameters(model).items() if is_trained(key)}
    for key, parameter in file_parameters(base).items():
        parameter.requires_grad_(is_trained(key))
    shutil.rmtree(METHODS / name, ignore_errors=True)
    summary, tensors = golden.train(base, select, compute_loss, SETTINGS)
    tensors["logits"] = compute_logits(base, inputs)
    golden.write_fixture(METHODS / name, describe(name.split("-", 1)[1], base_name) | summary, tensors)


def is_head(name):
    return name.startswith(("classifier.", "score."))


def is_bias_or_head(name):
    return name.endswith(".bias") or is_head(name)


PARTS = {
    "bert-bias-only": ("bert-sequence-classification", is_bias_or_head),
    "gpt2-bias-only": ("gpt2-sequence-classification", is_bias_or_head),
    "qwen2-bias-only": ("qwen2-causal-lm", is_bias_or_head),
    "bert-head-only": ("bert-sequence-classification", is_head),
    "llama-head-only": ("llama-sequence-classification", is_head),
}


if __name__ == "__main__":
    for name, (base, config) in peft_fixtures().items():
        if golden.is_wanted(name):
            make_peft(name, base, config)
    for name, (base, is_trained) in PARTS.items():
        if golden.is_wanted(name):
            make_part(name, base, is_trained)
    if golden.is_wanted("llama-qlora"):
        make_qlora("llama-qlora", BASES["llama"])
