"""What Hugging Face's tokenizers make of hard texts, written to fixtures/tokenizers.json.

usage: make_tokenizers.py   (needs ../shared/data; beyond requirements.txt: sentencepiece)
The tables of the shared tokenizers are not copied: a definition made here is written without them, and the test puts them back.
"""
import gzip
import json
import os
import sys
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers.convert_slow_tokenizer import bytes_to_unicode

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
DATA = ROOT.parent / "shared" / "data"


def gpt2():
    merges = [tuple(line.split()) for line in (DATA / "tok-gpt2/vocab.bpe").read_text("utf8").split("\n")[1:] if line]
    tokenizer = Tokenizer(models.BPE(json.loads((DATA / "tok-gpt2/encoder.json").read_text("utf8")), merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens(["<|endoftext|>"])
    return tokenizer


def clip():
    """As transformers' CLIPTokenizer."""
    with gzip.open(DATA / "tok-clip/clip/bpe_simple_vocab_16e6.txt.gz", "rt", encoding="utf8") as file:
        merges = [tuple(line.split()) for line in file.read().split("\n")[1 : 49152 - 256 - 2 + 1]]
    letters = list(bytes_to_unicode().values())
    tokens = letters + [letter + "</w>" for letter in letters] + ["".join(merge) for merge in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocab = {token: index for index, token in enumerate(tokens)}
    model = models.BPE(vocab, merges, end_of_word_suffix="</w>", continuing_subword_prefix="", unk_token="<|endoftext|>")
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    words = r"""'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(words), behavior="removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, normalized=True, special=True) for token in tokens[-2:]])
    tokenizer.post_processor = processors.RobertaProcessing(
        (tokens[-1], vocab[tokens[-1]]), (tokens[-2], vocab[tokens[-2]]), add_prefix_space=False, trim_offsets=False
    )
    return tokenizer


def unigram(name):
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString((DATA / "tok-sentencepiece/python/test" / name).read_bytes())
    tokenizer = Tokenizer(models.Unigram([(piece.piece, piece.score) for piece in proto.pieces], proto.trainer_spec.unk_id))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap),
            normalizers.Replace(Regex("^ +| +$"), ""),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.add_special_tokens([piece.piece for piece in proto.pieces if piece.type in (2, 3)])
    return tokenizer


def from_file(path):
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def frame(tokenizer):
    """The definition without its tables."""
    definition = json.loads(tokenizer.to_str())
    definition["model"]["vocab"] = {}
    definition["model"].pop("merges", None)
    for part in (definition["normalizer"] or {}).get("normalizers", []):
        if part["type"] == "Precompiled":
            part["precompiled_charsmap"] = ""
    return definition


def hard_texts():
    vectors = json.loads((DATA / "tok-transformersjs-vectors/tokenizer-vectors.json").read_text("utf8"))
    texts = {case[key] for cases in vectors.values() for case in cases.values() for key in ("text", "text_pair") if key in case}
    ours = [
        "",
        "\ufeffa mark at the start",
        "İstanbul ﬁne ½ Å Å ǅ ß ẞ ς",
        "हिन्दी العربية ไทย 한국어 日本語のテキスト 한국어",
        "a\u200bb\u00adc\u2028d\u0085e\u3000f",
        "\U0001f469\u200d\U0001f467 \U0001d4b3 \U00020000 \U0010ffff",
        "x" * 120,
        "don't DON'T I'LL we’ll",
        "1234567890 3.14159e-10 0xFF",
        "e\u0301 e\u0301\u0323 \u0345",
        "[CLS] [MASK]ed <|endoftext|>end </s> <s>",
        "def f(x):\r\n\treturn x**2  # power\r\n",
    ]
    prompts = [line.strip(" ',") for line in (DATA / "tok-clip/data/prompts.md").read_text("utf8").split("\n") if "{}" in line]
    botchan = (DATA / "tok-sentencepiece/data/botchan.txt").read_text("utf8").split("\n")
    return sorted(texts) + ours + prompts[::12] + [line.strip() for line in botchan[100:3000:200] if line.strip()]


PAIRS = [
    ("how are you", "fine, thank you very much indeed", 512),
    ("how are you", "fine, thank you very much indeed", 9),
    ("one two three four five six seven eight", "one two three four five six seven", 10),
    ("one two three four five six seven eight", "one two three four five six seven", 13),
    ("a b c d e f g h i j", "k", 8),
    ("k", "a b c d e f g h i j", 8),
    ("", "second only", 64),
    ("first only", "", 64),
    ("tiny", "room", 4),
]


def record(tokenizer, texts):
    ids = [tokenizer.encode(text).ids for text in texts]
    # what the Python class does when asked for pairs: the longer text is cut first
    pairs = []
    for first, second, length in PAIRS:
        tokenizer.enable_truncation(length, strategy="longest_first")
        encoding = tokenizer.encode(first, second)
        pairs.append({"ids": encoding.ids, "typeIds": encoding.type_ids})
    cut = []
    for length in (1, 2, 3, 7):
        if length <= tokenizer.num_special_tokens_to_add(False):
            cut.append(None)
            continue
        tokenizer.enable_truncation(length)
        cut.append(tokenizer.encode("one two three four five six seven eight").ids)
    tokenizer.no_truncation()
    decoded = [tokenizer.decode(each, skip_special_tokens=False) for each in ids]
    plain = [tokenizer.decode(each, skip_special_tokens=True) for each in ids]
    if '"</w>"' in tokenizer.to_str():  # transformers' CLIPTokenizer does this after its backend
        decoded, plain = ([text.replace("</w>", " ").strip() for text in texts] for texts in (decoded, plain))
    return {
        "ids": ids,
        "bare": tokenizer.encode("how are you", add_special_tokens=False).ids,
        "decoded": decoded,
        "decodedPlain": plain,
        "pairs": pairs,
        "cut": cut,
    }


def compare_with_sentencepiece(name, ids, texts):
    """Special tokens and "▁" in a text are read differently by design; anything else would be a fault of `unigram`."""
    processor = sentencepiece.SentencePieceProcessor(model_file=str(DATA / "tok-sentencepiece/python/test" / f"{name}.model"))
    plain = [(text, found) for text, found in zip(texts, ids) if not any(mark in text for mark in ("<s>", "</s>", "<unk>", "▁"))]
    differing = [text for text, found in plain if processor.encode(text) != found]
    print(f"{name}: sentencepiece agrees on {len(plain) - len(differing)} of {len(plain)}, not on {differing}", file=sys.stderr)


def main():
    texts = hard_texts()
    tokenizers = {
        "tiny-encoder": from_file(ROOT / "models/tiny-encoder/tokenizer.json"),
        "bert-base-uncased": from_file(DATA / "tok-bert-tokenizerjson/bert-base-uncased.json"),
        "all-minilm-l6-v2": from_file(DATA / "tok-bert-tokenizerjson/all-minilm-l6-v2.json"),
        "gpt2": gpt2(),
        "clip": clip(),
        "test_model": unigram("test_model.model"),
        "test_ja_model": unigram("test_ja_model.model"),
    }
    if (decoder := ROOT / "models/tiny-decoder/tokenizer.json").exists():
        tokenizers["tiny-decoder"] = from_file(decoder)
    made = {"texts": texts, "pairTexts": PAIRS, "tokenizers": {}}
    for name, tokenizer in tokenizers.items():
        recorded = record(tokenizer, texts)
        if name in ("gpt2", "clip", "test_model", "test_ja_model"):
            recorded["definition"] = frame(tokenizer)
        if name.startswith("test_"):
            compare_with_sentencepiece(name, recorded["ids"], texts)
        made["tokenizers"][name] = recorded
    file = HERE / "fixtures" / "tokenizers.json"
    file.write_text(json.dumps(made, ensure_ascii=True, separators=(",", ":")).replace('"pairTexts"', '\n"pairTexts"') + "\n", "utf8")
    print(f"{file}: {os.path.getsize(file)} bytes, {len(texts)} texts, {list(tokenizers)}", file=sys.stderr)


main()
