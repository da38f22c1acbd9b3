"""Pairs of texts as transformers gives them to models, written to fixtures/text-pairs.json.

BERT is tiny-encoder itself: ids, types, and the state above the first token. RoBERTa's tokenizer is tiny-decoder's with
RoBERTa's class around it: ids, and that its model is not told of types.
"""
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, processors
from transformers import AutoTokenizer, BertModel, RobertaTokenizerFast

HERE = Path(__file__).parent
MODELS = HERE.parent.parent / "models"
PAIRS = [
    ("how are you", "fine, thank you very much indeed", 64),
    ("how are you", "fine, thank you very much indeed", 9),
    ("A man is playing a guitar on stage.", "A person performs.", 64),
    ("one two three four five six seven eight", "one two three", 8),
    ("", "Only the second one has words 😀 ÀÉ.", 64),
]


def encode(tokenizer, first, second, max_length):
    return tokenizer(first, second, truncation="longest_first", max_length=max_length)


def bert():
    tokenizer = AutoTokenizer.from_pretrained(MODELS / "tiny-encoder")
    model = BertModel.from_pretrained(MODELS / "tiny-encoder", dtype=torch.float32).eval()
    for first, second, max_length in PAIRS:
        inputs = encode(tokenizer, first, second, max_length)
        with torch.no_grad():
            state = model(**{name: torch.tensor([values]) for name, values in inputs.items()}).last_hidden_state[0, 0]
        yield {
            "inputs": sorted(inputs),
            "ids": inputs["input_ids"],
            "typeIds": inputs["token_type_ids"],
            "state": [round(value, 7) for value in state.tolist()],
        }


def roberta():
    definition = Tokenizer.from_file(str(MODELS / "tiny-decoder" / "tokenizer.json"))
    definition.post_processor = processors.RobertaProcessing(("<|im_end|>", 2), ("<|im_start|>", 1), add_prefix_space=False)
    named = {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}
    tokenizer = RobertaTokenizerFast(
        tokenizer_object=definition, cls_token="<|im_start|>", sep_token="<|im_end|>", mask_token="<|endoftext|>", **named
    )
    made = json.loads(tokenizer.backend_tokenizer.to_str())
    frame = {part: made[part] for part in ("normalizer", "pre_tokenizer", "post_processor", "added_tokens")}
    rows = [encode(tokenizer, *pair) for pair in PAIRS]
    return {"frame": frame, "rows": [{"inputs": sorted(row), "ids": row["input_ids"]} for row in rows]}


written = {"pairs": PAIRS, "bert": list(bert()), "roberta": roberta()}
(HERE / "fixtures" / "text-pairs.json").write_text(json.dumps(written) + "\n", "utf8")
