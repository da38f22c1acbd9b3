"""Step 1 of 3: cleans the corpora, turns dialogues into chats, trains the tokenizer, and writes everything as token ids.

usage: python prepare.py DATA WORK

DATA holds the folders english-novels, tinyshakespeare, service-dialogues and tldr-pages. WORK receives tokenizer.json and,
for each source, SOURCE.train.npy and SOURCE.held-out.npy (uint16, documents one after another). Under two minutes.
"""
import argparse
import json
import math
import random
import re
from collections import Counter
from pathlib import Path

import numpy
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

VOCABULARY_SIZE = 4096
END_OF_TEXT, MESSAGE_START, MESSAGE_END = SPECIAL_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
HELD_OUT_SHARE = 0.02
BLOCK_LINES = 400  # of dialogue, held out or not as a whole, so that no dialogue is on both sides
SYSTEM_MESSAGE_SHARE = 0.35
SYSTEM_MESSAGES = [
    "You are a helpful assistant.",
    "You are a friendly assistant. Keep your answers short.",
    "You help people plan their day.",
    "You answer the customer's questions politely.",
    "You are an assistant for bookings, travel and everyday questions.",
]
COMMAND_QUESTIONS = [
    "How do I {task} with {name}?",
    "How can I {task}? I have {name}.",
    "Which command would {task}? I want to use {name}.",
    "{name}: {task}",
    "I want to {task}. What do I type for {name}?",
]
COMMAND_ANSWERS = ["Use {code}.", "Type {code}.", "You can {task} with {code}.", "{code}"]

Documents = list[str]
Chat = list[tuple[str, str]]  # role, content


def clean(text: str) -> str:
    """One way of writing quotes, dashes and line ends, so that 4,096 pieces go further."""
    text = text.replace("\ufeff", "").replace("\r\n", "\n")
    for found, wanted in {"‘": "'", "’": "'", "“": '"', "”": '"', "—": "--", "–": "-", "…": "...", "\u00a0": " "}.items():
        text = text.replace(found, wanted)
    return text


# --- novels and plays --------------------------------------------------------------------------------------------------


def join_wrapped_lines(text: str) -> str:
    """Paragraphs on one line each. Some novels are wrapped at about 60 letters with no empty line between paragraphs."""
    text = re.sub(r"[ \t]+", " ", text)
    lines = [line.strip() for line in text.split("\n")]
    lengths = sorted(len(line) for line in lines if line)
    if lengths[int(len(lengths) * 0.95)] > 100:
        return "\n".join(line for line in lines if line)
    joined = ""
    for line in lines:
        ends = joined.endswith((".", "!", "?", '"', "'", ":")) and len(joined.rsplit("\n", 1)[-1]) % 60 < 50
        joined += ("\n" if not line or ends else " ") + line
    joined = re.sub(r"(?<=[a-z])- (?=[a-z])", "", joined)  # a word cut at the end of its line
    return re.sub(r" *\n[ \n]*", "\n", joined).strip()


def cut_into_chunks(text: str, length: int) -> Documents:
    """Runs of whole paragraphs of about `length` letters."""
    chunks, chunk = [], ""
    for paragraph in text.split("\n"):
        chunk += paragraph + "\n"
        if len(chunk) >= length:
            chunks.append(chunk)
            chunk = ""
    return [*chunks, chunk] if chunk else chunks


def read_novels(data: Path) -> tuple[Documents, Documents]:
    """Every 50th stretch of 20,000 letters is held out."""
    train, held_out = [], []
    for path in sorted((data / "english-novels").glob("*_*.txt")):  # Author_Title_Year
        text = join_wrapped_lines(clean(path.read_text(encoding="utf8", errors="replace")))
        for chunk in cut_into_chunks(text, 20_000):
            (held_out if (len(train) + len(held_out)) % 50 == 25 else train).append(chunk.strip())
    return train, held_out


def read_plays(data: Path) -> tuple[Documents, Documents]:
    text = clean((data / "tinyshakespeare/input.txt").read_text(encoding="utf8"))
    scenes = text.split("\n\n")
    documents = ["\n\n".join(scenes[start : start + 60]) for start in range(0, len(scenes), 60)]
    held_out = max(2, int(len(documents) * HELD_OUT_SHARE))
    return documents[:-held_out], documents[-held_out:]


# --- dialogues ---------------------------------------------------------------------------------------------------------

# The corpus lists each different utterance once and says neither who spoke nor where a dialogue ends. Phrases only one
# side uses mark some utterances; a naive Bayes learnt from these marks the others; a two-state chain decides.
ASSISTANT_MARKS = re.compile(
    r"^(would you like|do you want|what (city|time|date|day|kind|type)|which (city|date|day)|please confirm|i (have )?found"
    r"|i've found|there (is|are|'s)|there's|your (reservation|booking|ticket|appointment|ride|payment|order)"
    r"|how about|have an? |enjoy|sure, (what|which|where|do|when)|is there anything|anything else|can i help|they are located|it is located"
    r"|their (phone|address|number)|the (address|phone|number|price|total|rent|temperature|event|flight|room)|it (costs|starts|leaves))"
    r"|has been (booked|made|confirmed|reserved|added|scheduled)|to confirm|confirm the following|is there anything else",
    re.I,
)
USER_MARKS = re.compile(
    r"^(i want|i need|i'd like|i would like|i'm looking|i am looking|can you|could you|find me|show me|please (find|book|get|show)"
    r"|thanks|thank you|no,? thank|no,? that|yes,? (please|that|i)|yeah|that's all|that sounds|that works|sounds good"
    r"|i'll be|i will be|what is (the|their|its)|what's (the|their|its)|is it|do they|does it|how much|when does|i prefer"
    r"|alright|great, |cool|nope|hi|hey|hello|book )",
    re.I,
)
CLOSING = re.compile(
    r"^(have (a|an) |enjoy|good ?bye|bye|take care|you're welcome|you are welcome|see you|glad|happy to|my pleasure|welcome)", re.I
)
SWITCH_LOG_ODDS = math.log(0.85 / 0.15)


def features(utterance: str) -> list[str]:
    words = re.findall(r"[a-z']+|\d|[?!.]", utterance.lower())
    pairs = [f"{first} {second}" for first, second in zip(words, words[1:])]
    return ["^" + " ".join(words[:2]), "$" + " ".join(words[-2:]), *words, *pairs]


def marked_speaker(utterance: str) -> bool | None:
    assistant, user = bool(ASSISTANT_MARKS.search(utterance)), bool(USER_MARKS.search(utterance))
    return None if assistant == user else assistant


def naive_bayes(rows: list[list[str]], assistant: list[bool | None]) -> list[float]:
    """Log odds of each row, as learnt from those whose side is known, kept within -8 and 8."""
    counts: tuple[Counter, Counter] = (Counter(), Counter())
    for row, side in zip(rows, assistant):
        if side is not None:
            counts[side].update(row)
    totals = [sum(count.values()) for count in counts]
    offset = math.log(totals[0] + 1e5) - math.log(totals[1] + 1e5)
    odds = []
    for row in rows:
        score = sum(math.log((counts[1][feature] + 1) / (counts[0][feature] + 1)) + offset for feature in row)
        odds.append(max(-8.0, min(8.0, score / 2)))  # halved: words and their pairs say much the same
    return odds


def mark_speakers(utterances: list[str]) -> list[bool]:
    """True for the assistant. What one round decides, the next learns from."""
    rows = [features(utterance) for utterance in utterances]
    sides: list[bool | None] = [marked_speaker(utterance) for utterance in utterances]
    for _ in range(3):
        sides = decide_speakers(naive_bayes(rows, sides))
    return [bool(side) for side in sides]


def decide_speakers(odds: list[float]) -> list[bool]:
    """Viterbi over two states that mostly take turns; True is the assistant."""
    best, back = [0.0, 0.0], []
    for score in odds:
        came_from = [1 if best[1] + SWITCH_LOG_ODDS > best[0] else 0, 0 if best[0] + SWITCH_LOG_ODDS > best[1] else 1]
        best = [best[came_from[s]] + (SWITCH_LOG_ODDS if came_from[s] != s else 0) + (score if s else 0) for s in (0, 1)]
        back.append(came_from)
    state, states = int(best[1] > best[0]), []
    for came_from in reversed(back):
        states.append(bool(state))
        state = came_from[state]
    return states[::-1]


def group_turns(lines: list[str], assistant: list[bool], rng: random.Random) -> list[Chat]:
    """Chats of up to eight messages that begin with the user and end with the assistant; neighbours of one side are joined."""
    chats, chat, longest = [], [], rng.choice([2, 4, 6, 8])
    for line, is_assistant in zip(lines, assistant):
        role = "assistant" if is_assistant else "user"
        if chat and chat[-1][0] == role:
            chat[-1] = (role, f"{chat[-1][1]} {line}")
        elif chat or role == "user":
            chat.append((role, line))
        if chat and role == "assistant" and (len(chat) >= longest or CLOSING.search(line)):
            chats.append(chat)
            chat, longest = [], rng.choice([2, 4, 6, 8])
    return [chat for chat in chats if sum(len(content) for _, content in chat) < 1_200]


def format_chat(chat: Chat, rng: random.Random) -> str:
    """ChatML, as the chat template of the model writes it."""
    if rng.random() < SYSTEM_MESSAGE_SHARE:
        chat = [("system", rng.choice(SYSTEM_MESSAGES)), *chat]
    return "".join(f"{MESSAGE_START}{role}\n{content}{MESSAGE_END}\n" for role, content in chat)


def read_dialogues(data: Path, rng: random.Random) -> tuple[Documents, Documents]:
    text = clean((data / "service-dialogues/utterances.txt").read_text(encoding="utf8"))
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    assistant = mark_speakers(lines)
    train, held_out = [], []
    for block, start in enumerate(range(0, len(lines), BLOCK_LINES)):
        chats = group_turns(lines[start : start + BLOCK_LINES], assistant[start : start + BLOCK_LINES], rng)
        (held_out if block % 50 == 25 else train).extend(format_chat(chat, rng) for chat in chats)
    return train, held_out


# --- commands ----------------------------------------------------------------------------------------------------------


def read_command_page(text: str, rng: random.Random) -> tuple[str, Documents]:
    """The page itself, and one chat for every example on it."""
    text = re.sub(r"> More information: .*\n", "", clean(text))
    name = text.split("\n", 1)[0].lstrip("# ").strip()
    chats = []
    for task, code in re.findall(r"^- (.+):\n\n(`.+`)$", text, re.M):
        task = re.sub(r"\[(\w)\]", r"\1", task)
        task = task[0].lower() + task[1:]
        question, answer = rng.choice(COMMAND_QUESTIONS), rng.choice(COMMAND_ANSWERS)
        asked = question.format(task=task, name=name)
        said = answer.format(task=task, code=re.sub(r"\{\{|\}\}", "", code))
        chats.append(format_chat([("user", asked), ("assistant", said)], rng))
    return text.strip(), chats


def read_commands(data: Path, rng: random.Random) -> dict[str, tuple[Documents, Documents]]:
    pages, chats = ([], []), ([], [])
    for row in (data / "tldr-pages/tldr-common.jsonl").read_text(encoding="utf8").splitlines():
        side = rng.random() < HELD_OUT_SHARE
        page, page_chats = read_command_page(json.loads(row)["text"], rng)
        pages[side].append(page)
        chats[side].extend(page_chats)
    return {"command-pages": pages, "command-chats": chats}


# --- tokens ------------------------------------------------------------------------------------------------------------


def train_tokenizer(texts: Documents) -> Tokenizer:
    """Byte-level BPE; digits stand alone; <|endoftext|> 0, <|im_start|> 1, <|im_end|> 2."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def write_tokens(path: Path, tokenizer: Tokenizer, documents: Documents) -> None:
    encodings = tokenizer.encode_batch_fast([document + END_OF_TEXT for document in documents])
    ids = numpy.concatenate([numpy.array(encoding.ids, dtype=numpy.uint16) for encoding in encodings])
    numpy.save(path, ids)
    letters = sum(map(len, documents))
    print(f"{path.name}: {len(documents)} documents, {len(ids)} tokens, {letters / len(ids):.2f} letters a token", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("work", type=Path)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    rng = random.Random(0)
    sources = {
        "novels": read_novels(options.data),
        "plays": read_plays(options.data),
        "dialogues": read_dialogues(options.data, rng),
        **read_commands(options.data, rng),
    }
    tokenizer = train_tokenizer([text for train, _ in sources.values() for text in train])
    tokenizer.save(str(options.work / "tokenizer.json"))
    for name, (train, held_out) in sources.items():
        write_tokens(options.work / f"{name}.train.npy", tokenizer, train)
        write_tokens(options.work / f"{name}.held-out.npy", tokenizer, held_out)


if __name__ == "__main__":
    main()
