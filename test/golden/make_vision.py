"""Writes the models of models/ that see: ViT, CLIP, SigLIP (classification, dual encoder) and BLIP-2 (retrieval).

usage: make_vision.py [PATTERN...]   (with the packages of requirements.txt; PATTERN as in `clip-*`; all without one)

Images are random pixel values, `batch.pixel_values` in expected.safetensors.
"""
import json
import shutil

import golden_common as golden  # first: it keeps transformers off the network
import torch
from golden_common import MODELS, Settings, as_typed, encode, fill, make_rows, real_tokens
from make_models import COMMON, file_parameters, save
from torch.nn.functional import cross_entropy
from transformers import AutoConfig, Blip2ForImageTextRetrieval, CLIPForImageClassification, CLIPModel
from transformers import SiglipForImageClassification, SiglipModel, ViTForImageClassification

IMAGE = {"image_size": 24, "patch_size": 8, "num_channels": 3}
TOWER = {"num_hidden_layers": 2, "num_attention_heads": 4, "attention_dropout": 0.0, "initializer_range": 0.2}
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
CLIP_EOS, ROWS, CLASSES = 40, 3, 3
ITC_TEMPERATURE = 0.07

CONFIGS = {
    "vit": {**IMAGE, **TOWER, **NO_DROPOUT, "hidden_size": 20, "intermediate_size": 28, "qkv_bias": True},
    "clip": {
        "text_config": {**TOWER, "vocab_size": 61, "hidden_size": 16, "intermediate_size": 28, "max_position_embeddings": 20,
                        "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": CLIP_EOS},
        "vision_config": {**TOWER, **IMAGE, "hidden_size": 24, "intermediate_size": 36},
        "projection_dim": 12,
    },
    "siglip": {
        "text_config": {**TOWER, "vocab_size": 61, "hidden_size": 16, "intermediate_size": 28, "max_position_embeddings": 12,
                        "projection_size": 24, "pad_token_id": 1, "bos_token_id": 3, "eos_token_id": 2},
        "vision_config": {**TOWER, **IMAGE, "hidden_size": 24, "intermediate_size": 36},
    },
    "blip-2": {
        "vision_config": {**TOWER, "image_size": 24, "patch_size": 8, "hidden_size": 24, "intermediate_size": 36, "qkv_bias": True},
        "qformer_config": {**NO_DROPOUT, "vocab_size": 61, "hidden_size": 16, "num_hidden_layers": 4, "num_attention_heads": 4,
                           "intermediate_size": 28, "max_position_embeddings": 24, "encoder_hidden_size": 24, "pad_token_id": 0,
                           "cross_attention_frequency": 2, "use_qformer_text_input": True, "initializer_range": 0.2},
        "text_config": {"model_type": "opt", "vocab_size": 61, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
                        "ffn_dim": 16, "word_embed_proj_dim": 16, "max_position_embeddings": 24},
        "num_query_tokens": 5,
        "image_text_hidden_size": 12,
    },
}
FORMULAS = {
    "clip": "cross entropy of logits_per_text and of its transpose, the diagonal is right, mean of both (return_loss=True)",
    "siglip": "-log sigmoid(logit) on the diagonal, -log sigmoid(-logit) elsewhere, summed over texts, mean over images (return_loss=True)",
    "blip-2": "itm + itc. itm: cross entropy of `logits` (use_image_text_matching_head=True, image i with text i) and labels. "
    "itc: s = logits_per_image / 0.07 (cosine of every image and text, maximum over the image's queries); "
    "(cross entropy of s + cross entropy of its transpose) / 2 with the diagonal right",
}


# --- models and batches ---


def create_model(model_class, model_type, seed, **more):
    config = AutoConfig.for_model(model_type, **CONFIGS[model_type], **more)
    model = fill(model_class._from_config(config, attn_implementation=COMMON["attn_implementation"]), seed)
    with torch.no_grad():  # a sharp contrast: these stand in an exponent, or shift every pair
        for name, value in (("logit_scale", 1.5), ("logit_bias", -0.7)):
            if hasattr(model, name):
                getattr(model, name).fill_(value)
    return model


def make_images(seed, rows=ROWS):
    return torch.randn(rows, 3, 24, 24, generator=torch.Generator().manual_seed(seed))


def make_texts(model_type, seed):
    """CLIP's rows end with its closing token, which is not the highest id; SigLIP's are filled up with padding, which it reads."""
    match model_type:
        case "clip":
            return [row + [CLIP_EOS] for row in make_rows([6, 9, 2], CLIP_EOS, seed)]
        case "siglip":
            return [row + [1] * (12 - len(row)) for row in make_rows([12, 7, 4], 61, seed)]
        case _:
            return make_rows([9, 6, 2], 61, seed)


def text_inputs(model_type, ids):
    """SigLIP takes no mask."""
    return {"input_ids": torch.tensor(ids)} if model_type == "siglip" else encode(ids, 1 if model_type == "clip" else 0)


def describe(model_type, head, batch, **more):
    return {"model_type": model_type, "head": head, "versions": golden.versions(), "batch": batch, **more}


def in_precision_of(model, inputs):
    return as_typed(inputs, next(model.parameters()).dtype)


# --- image classification ---


def vision_model(model):
    return model.vit if hasattr(model, "vit") else model.vision_model


def make_classifier(name, model_type, model_class):
    seed = golden.seed_of(name)
    model = create_model(model_class, model_type, seed, num_labels=CLASSES)
    pixels, labels = {"pixel_values": make_images(seed)}, [2, 0, 1]
    compute_loss = lambda trained: trained(**in_precision_of(trained, pixels), labels=torch.tensor(labels)).loss
    save(model, MODELS / name)
    summary, tensors = golden.train(model, file_parameters, compute_loss, Settings(warmup_steps=0))
    with torch.no_grad():
        tensors["logits"] = model(**pixels).logits
        tensors["hidden"] = vision_model(model)(**pixels).last_hidden_state.flatten(0, 1)
    tensors["batch.pixel_values"] = pixels["pixel_values"]
    golden.write_fixture(MODELS / name, describe(model_type, "image-classification", {"labels": labels}) | summary, tensors)


# --- dual encoders ---


def outputs_of_pair(model, pixels, texts):
    with torch.no_grad():
        found = model(**pixels, **texts)
        hidden = model.text_model(**texts).last_hidden_state
        return {
            "hidden.text": real_tokens(hidden, texts.get("attention_mask", torch.ones(hidden.shape[:2]))),
            "hidden.vision": model.vision_model(**pixels).last_hidden_state.flatten(0),
            "logits_per_image": found.logits_per_image,
            "image_embeds": found.image_embeds,
            "text_embeds": found.text_embeds,
            "batch.pixel_values": pixels["pixel_values"],
        }


def make_dual_encoder(name, model_type, model_class):
    seed = golden.seed_of(name)
    model = create_model(model_class, model_type, seed)
    ids = make_texts(model_type, seed)
    pixels, texts = {"pixel_values": make_images(seed)}, text_inputs(model_type, ids)
    compute_loss = lambda trained: trained(**in_precision_of(trained, pixels), **texts, return_loss=True).loss
    save(model, MODELS / name)
    summary, tensors = golden.train(model, file_parameters, compute_loss)
    facts = describe(model_type, "dual-encoder", {"ids": ids}, lossFormula=FORMULAS[model_type])
    golden.write_fixture(MODELS / name, facts | summary, outputs_of_pair(model, pixels, texts) | tensors)


def make_legacy_clip(name, source):
    """Old CLIP files say eos_token_id 2 and mean the highest id of the row: other rows, the same weights.

    And some carry a `text_config_dict` that overrides `text_config`; here it is the one that says 2.
    """
    seed, folder = golden.seed_of(name), MODELS / name
    config = json.loads((MODELS / source / "config.json").read_text())
    config["text_config_dict"] = config["text_config"] | {"eos_token_id": 2}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    model = CLIPModel.from_pretrained(MODELS / source, config=AutoConfig.from_pretrained(folder), attn_implementation="eager").eval()
    assert model.config.text_config.eos_token_id == 2
    ids = [row + [60] for row in make_rows([5, 8, 3], 60, seed)]
    outputs = outputs_of_pair(model, {"pixel_values": make_images(seed)}, text_inputs("clip", ids))
    golden.write_fixture(folder, describe("clip", "dual-encoder", {"ids": ids}, weights=source), outputs)


# --- retrieval ---


def retrieval_loss(model, pixels, texts, labels):
    """FORMULAS["blip-2"]; transformers has neither of the two losses."""
    matching = model(**pixels, **texts, use_image_text_matching_head=True).logits_per_image
    similarity = model(**pixels, **texts, use_image_text_matching_head=False).logits_per_image / ITC_TEMPERATURE
    own = torch.arange(len(labels))
    return cross_entropy(matching, torch.tensor(labels)) + (cross_entropy(similarity, own) + cross_entropy(similarity.T, own)) / 2


def outputs_of_retrieval(model, pixels, texts):
    with torch.no_grad():
        contrastive = model(**pixels, **texts, use_image_text_matching_head=False)
        matching = model(**pixels, **texts, use_image_text_matching_head=True)
    text_hidden = contrastive.text_model_output.last_hidden_state
    return {
        "hidden.vision": contrastive.vision_model_output.last_hidden_state.flatten(0),
        "hidden.text": real_tokens(text_hidden, texts["attention_mask"]),
        "logits_per_image": contrastive.logits_per_image,
        "image_embeds": contrastive.image_embeds,
        "text_embeds": contrastive.text_embeds,
        "logits": matching.logits_per_image,
        "batch.pixel_values": pixels["pixel_values"],
    }


def make_retrieval(name, model_type, model_class):
    seed = golden.seed_of(name)
    model = create_model(model_class, model_type, seed)
    ids, labels = make_texts(model_type, seed), [1, 0, 1]
    pixels, texts = {"pixel_values": make_images(seed)}, text_inputs(model_type, ids)
    compute_loss = lambda trained: retrieval_loss(trained, in_precision_of(trained, pixels), texts, labels)
    save(model, MODELS / name)
    summary, tensors = golden.train(model, file_parameters, compute_loss)
    facts = describe(model_type, "retrieval", {"ids": ids, "labels": labels}, lossFormula=FORMULAS[model_type], temperature=ITC_TEMPERATURE)
    golden.write_fixture(MODELS / name, facts | summary, outputs_of_retrieval(model, pixels, texts) | tensors)


FIXTURES = {
    "vit-image-classification": (make_classifier, "vit", ViTForImageClassification),
    "clip-image-classification": (make_classifier, "clip", CLIPForImageClassification),
    "siglip-image-classification": (make_classifier, "siglip", SiglipForImageClassification),
    "clip-dual-encoder": (make_dual_encoder, "clip", CLIPModel),
    "clip-dual-encoder-legacy-eos": (make_legacy_clip, "clip-dual-encoder"),
    "siglip-dual-encoder": (make_dual_encoder, "siglip", SiglipModel),
    "blip-2-retrieval": (make_retrieval, "blip-2", Blip2ForImageTextRetrieval),
}


if __name__ == "__main__":
    for name, (make, *arguments) in FIXTURES.items():
        if golden.is_wanted(name):
            make(name, *arguments)
