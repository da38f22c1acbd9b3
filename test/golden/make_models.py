"""Writes models/: tiny random models as `save_pretrained` writes them, what they compute and how they learn.

usage: make_models.py [PATTERN...]   (with the packages of requirements.txt; PATTERN as in `bert-*`; all without one)

Names are those of the FILE, which are not always those in memory (ViT), and tied tensors stand once.
"""
import shutil

import golden_common as golden  # first: it keeps transformers off the network
import torch
from golden_common import IGNORED, MODELS, Settings, encode, fill, make_rows, pad_labels, real_tokens
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification
from transformers.core_model_loading import revert_weight_conversion

HEADS = {
    "sequence-classification": AutoModelForSequenceClassification,
    "reward": AutoModelForSequenceClassification,
    "token-classification": AutoModelForTokenClassification,
    "masked-lm": AutoModelForMaskedLM,
    "causal-lm": AutoModelForCausalLM,
    "embedding": AutoModel,
}
CLASSES = {"sequence-classification": 3, "token-classification": 5, "reward": 1}
LENGTHS = {"reward": [11, 5, 9, 6], "causal-lm": [12, 7, 17, 2]}
TEMPERATURE = 0.05

# --- configurations: every size differs from the others of its model, and none is a power of two without need ---

COMMON = {"initializer_range": 0.2, "attn_implementation": "eager"}
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
BERT = {"vocab_size": 61, "hidden_size": 20, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 28, **NO_DROPOUT}
LLAMA = {
    "vocab_size": 67, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "intermediate_size": 36, "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
    "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "tie_word_embeddings": False,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1000.0},
}
MODERNBERT_ROPE = {
    "full_attention": {"rope_type": "default", "rope_theta": 8000.0},
    "sliding_attention": {"rope_type": "default", "rope_theta": 300.0},
}
CONFIGS = {
    "bert": {**BERT, "max_position_embeddings": 40, "type_vocab_size": 2},
    "roberta": {**BERT, "hidden_size": 16, "intermediate_size": 40, "max_position_embeddings": 42, "type_vocab_size": 1,
                "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "layer_norm_eps": 1e-5},
    "distilbert": {"vocab_size": 59, "dim": 24, "hidden_dim": 44, "n_layers": 2, "n_heads": 4, "max_position_embeddings": 40,
                   "dropout": 0.0, "attention_dropout": 0.0, "seq_classif_dropout": 0.0},
    "mpnet": {**BERT, "hidden_size": 16, "intermediate_size": 36, "max_position_embeddings": 60, "relative_attention_num_buckets": 32,
              "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2},
    "modernbert": {"vocab_size": 71, "hidden_size": 24, "intermediate_size": 20, "num_hidden_layers": 4, "num_attention_heads": 4,
                   "max_position_embeddings": 64, "local_attention": 8, "rope_parameters": MODERNBERT_ROPE, "global_attn_every_n_layers": 3, "pad_token_id": 0,
                   "bos_token_id": 1, "cls_token_id": 1, "eos_token_id": 2, "sep_token_id": 2},
    "gpt2": {"vocab_size": 73, "n_embd": 20, "n_layer": 2, "n_head": 4, "n_positions": 48, "n_inner": 36, "pad_token_id": 0,
             "bos_token_id": 1, "eos_token_id": 1, "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0},
    "llama": LLAMA,
    "mistral": {**LLAMA, "hidden_size": 32, "vocab_size": 53, "sliding_window": None},
    "qwen2": {**LLAMA, "hidden_size": 16, "intermediate_size": 44, "use_sliding_window": False},
    "qwen3": {**LLAMA, "head_dim": 8, "vocab_size": 79, "use_sliding_window": False, "tie_word_embeddings": True},
    "smollm3": {**LLAMA, "hidden_size": 16, "num_hidden_layers": 4, "intermediate_size": 28},
}
LONG_ROWS = {"mpnet": [41, 5, 23, 2], "modernbert": [19, 6, 27, 2]}  # several distances of MPNet's buckets, several windows
ENCODERS = ("bert", "roberta", "distilbert", "mpnet", "modernbert")
DECODERS = ("gpt2", "llama", "mistral", "qwen2", "qwen3", "smollm3")


# --- building and naming ---


def create_model(model_type, head, seed, **changes):
    settings = COMMON | CONFIGS[model_type] | changes
    attention = settings.pop("attn_implementation")
    labels = {"num_labels": CLASSES[head]} if head in CLASSES else {}
    config = AutoConfig.for_model(model_type, **settings, **labels)
    return fill(HEADS[head].from_config(config, attn_implementation=attention), seed)


def file_parameters(model):
    """Parameters under the names that `save_pretrained` gives them."""
    return revert_weight_conversion(model, dict(model.named_parameters()))


def save(model, folder):
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    stored, named = set(load_file(folder / "model.safetensors")), set(file_parameters(model))
    assert stored == named, f"{folder.name}: file and parameters differ in {sorted(stored ^ named)}"
    same = type(model).from_pretrained(folder, attn_implementation="eager").eval()
    for name, parameter in file_parameters(same).items():
        assert torch.equal(parameter, file_parameters(model)[name]), f"{folder.name}: {name} changed on its way through the file"


def load_model(head, folder):
    return HEADS[head].from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()


# --- text: batch, loss, outputs ---


def make_text_batch(model, head, seed):
    config = model.config
    lengths = LENGTHS.get(head, LONG_ROWS.get(config.model_type, [12, 7, 17, 2]))
    ids = make_rows(lengths, config.vocab_size, seed)
    return {"ids": ids, "labels": make_labels(ids, head, config, seed + 1)}


def make_labels(ids, head, config, seed):
    generator = torch.Generator().manual_seed(seed)
    draw = lambda high: torch.randint(0, high, (1,), generator=generator).item()
    match head:
        case "sequence-classification":
            return [draw(config.num_labels) for _ in ids]
        case "token-classification":
            return [[IGNORED if draw(4) == 0 else draw(config.num_labels) for _ in row] for row in ids]
        case "masked-lm":
            return [[draw(config.vocab_size) if draw(3) == 0 or i == 1 else IGNORED for i, _ in enumerate(row)] for row in ids]
        case "causal-lm":  # not shifted: label i is token i, as transformers wants it
            return [[IGNORED if draw(4) == 0 else token for token in row] for row in ids]
        case _:
            return None


def pairwise_loss(scores):
    """Reward model: rows 0..n/2 are the chosen answers, n/2..n the rejected ones (TRL): mean of -log sigmoid(chosen - rejected)."""
    chosen, rejected = scores[:, 0].chunk(2)
    return -torch.nn.functional.logsigmoid(chosen - rejected).mean()


def text_loss(head, inputs, labels):
    match head:
        case "reward":
            return lambda model: pairwise_loss(model(**inputs).logits)
        case _:
            padded = pad_labels(labels)
            return lambda model: model(**inputs, labels=padded).loss


LOSSES = {
    "reward": "mean of -log sigmoid(chosen - rejected); rows 0..n/2 are chosen, n/2..n rejected",
}


@torch.no_grad()
def text_outputs(model, inputs):
    mask = inputs["attention_mask"]
    hidden = real_tokens(model.base_model(**inputs).last_hidden_state, mask)
    logits = model(**inputs).logits
    return {"hidden": hidden, "logits": real_tokens(logits, mask) if logits.ndim == 3 else logits}


def describe(model, head, batch, **more):
    facts = {"model_type": model.config.model_type, "head": head, "versions": golden.versions(), "batch": batch}
    return facts | ({"lossFormula": LOSSES[head]} if head in LOSSES else {}) | more


def settings_for(model_type, head):
    """With a warm-up the first step has rate 0; the sequence heads have none, so that step 1 moves.

    ModernBERT's eager attention gives NaN in float64 for a padding token with only padding in its window; sdpa does not.
    """
    warmup_steps = 0 if head in ("sequence-classification", "reward") else 4
    return Settings(warmup_steps=warmup_steps, exact_attention="sdpa" if model_type == "modernbert" else None)


def make_text_model(name, model_type, head, **changes):
    seed = golden.seed_of(name)
    model = create_model(model_type, head, seed, **changes)
    batch = make_text_batch(model, head, seed)
    inputs = encode(batch["ids"], model.config.pad_token_id)
    save(model, MODELS / name)
    summary, tensors = golden.train(model, file_parameters, text_loss(head, inputs, batch["labels"]), settings_for(model_type, head))
    golden.write_fixture(MODELS / name, describe(model, head, batch) | summary, text_outputs(model, inputs) | tensors)


# --- the list ---

def text_fixtures():
    """Fixture name -> what makes it."""
    heads = [(t, h) for t in ENCODERS for h in ("sequence-classification", "token-classification", "masked-lm")]
    heads += [(t, "causal-lm") for t in DECODERS]
    heads += [(t, "sequence-classification") for t in DECODERS if t != "mistral"] + [("llama", "reward")]
    made = {f"{model_type}-{head}": (make_text_model, model_type, head, {}) for model_type, head in heads}
    made["llama-causal-lm-tied"] = (make_text_model, "llama", "causal-lm", {"tie_word_embeddings": True})
    made["modernbert-sequence-classification-mean"] = (
        make_text_model, "modernbert", "sequence-classification", {"classifier_pooling": "mean"},
    )
    return made


if __name__ == "__main__":
    for name, (make, *arguments, changes) in text_fixtures().items():
        if golden.is_wanted(name):
            make(name, *arguments, **changes)
