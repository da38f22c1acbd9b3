"""What transformers' `return_assistant_tokens_mask` says of conversations, written to fixtures/chat-masks.json.

usage: make_chat_masks.py   (GPT-2's tables come from ../shared/data, and are not copied)
The templates have {% generation %} blocks; the test takes those out again to see whether the turns are found without them.
"""
import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

HERE = Path(__file__).parent
DATA = HERE.parent.parent.parent / "shared" / "data"
SPECIAL = ["<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "[INST]", "[/INST]"]

TEMPLATES = {
    "chatml": "{% for message in messages %}"
    "{% if message.role == 'assistant' %}{{ '<|im_start|>assistant\n' }}{% generation %}{{ message.content + '<|im_end|>' }}{% endgeneration %}{{ '\n' }}"
    "{% else %}{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "llama-3": "{{ bos_token }}{% for message in messages %}"
    "{{ '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' }}"
    "{% if message.role == 'assistant' %}{% generation %}{{ message.content | trim + '<|eot_id|>' }}{% endgeneration %}"
    "{% else %}{{ message.content | trim + '<|eot_id|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
    "mistral": "{{ bos_token }}{% for message in messages %}"
    "{% if message.role == 'user' %}{{ '[INST] ' + message.content + ' [/INST]' }}"
    "{% elif message.role == 'assistant' %}{% generation %}{{ ' ' + message.content | trim + eos_token }}{% endgeneration %}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}",
}

CONVERSATIONS = [
    [("user", "How are you?"), ("assistant", "I'm fine, thanks.")],
    [("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello!"), ("user", "And now?"), ("assistant", "Goodbye  for now ")],
    [("user", "Count"), ("assistant", "\n\n1\n2\n\n3\n\n"), ("user", "\nmore "), ("assistant", "")],
    [("user", "Emoji 🙂"), ("assistant", "🦙🙂 you…  "), ("user", "中文？"), ("assistant", "生活的真谛是 é")],
    [("user", "  spaces  "), ("assistant", "   three before"), ("user", "'s"), ("assistant", "'s is not it's")],
    [("user", "ask"), ("user", "again"), ("assistant", "one"), ("assistant", "two")],
]


def letters():
    """Enough words for merges that cross what they should not."""
    words = (DATA / "tok-sentencepiece/data/botchan.txt").read_text("utf8")[:60000]
    return [words, "assistant user system Hello! I'm fine, thanks. it's\n\n1\n2\n" * 20]


def byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(letters(), trainers.BpeTrainer(vocab_size=700, initial_alphabet=alphabet, show_progress=False))
    return tokenizer


def sentencepiece_like():
    """As Llama 2's and Mistral's: every piece of text between special tokens gets a space in front."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=800,
        show_progress=False,
        special_tokens=["<unk>"] + [f"<0x{byte:02X}>" for byte in range(256)],
        max_token_length=12,
    )
    tokenizer.train_from_iterator([word for text in letters() for word in text.split("\n")], trainer)
    definition = json.loads(tokenizer.to_str())
    definition["added_tokens"] = []  # the bytes are ordinary tokens
    return Tokenizer.from_str(json.dumps(definition))


def gpt2():
    merges = [tuple(line.split()) for line in (DATA / "tok-gpt2/vocab.bpe").read_text("utf8").split("\n")[1:] if line]
    tokenizer = Tokenizer(models.BPE(json.loads((DATA / "tok-gpt2/encoder.json").read_text("utf8")), merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def main():
    made = {"templates": TEMPLATES, "tokenizers": {}}
    for name, backend in {"byte-level": byte_level(), "sentencepiece-like": sentencepiece_like(), "gpt2": gpt2()}.items():
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>")
        tokenizer.backend_tokenizer.add_special_tokens(SPECIAL)
        definition = json.loads(tokenizer.backend_tokenizer.to_str())
        if name == "gpt2":
            definition["model"]["vocab"], definition["model"]["merges"] = {}, []
        cases = []
        for template, text in TEMPLATES.items():
            for conversation in CONVERSATIONS:
                messages = [{"role": role, "content": content} for role, content in conversation]
                if template == "mistral" and messages[0]["role"] == "system":
                    continue
                out = tokenizer.apply_chat_template(
                    messages, chat_template=text, return_dict=True, return_assistant_tokens_mask=True
                )
                rendered = tokenizer.apply_chat_template(messages, chat_template=text, tokenize=False)
                mask = "".join(map(str, out["assistant_masks"]))
                cases.append({"template": template, "messages": messages, "text": rendered, "ids": out["input_ids"], "mask": mask})
        made["tokenizers"][name] = {"definition": definition, "cases": cases}
    file = HERE / "fixtures" / "chat-masks.json"
    file.write_text(json.dumps(made, separators=(",", ":")) + "\n", "utf8")
    print(f"{file}: {os.path.getsize(file)} bytes", file=sys.stderr)



main()
