"""Writes the committed fixtures: five AdamW steps of models/tiny-encoder in PyTorch + PEFT, for LoRA and full fine-tuning.

usage: make_fixtures.py   (with the packages of requirements.txt; run it again whenever the bundled weights change)

fixtures/<method>/steps.json      batches, learning rates, losses and gradient norms of five steps
fixtures/<method>/initial.safetensors   what is trained and not in the bundled file: the head, and LoRA's A and B
fixtures/<method>/expected.json   per trained tensor: norm and 64 evenly spread values of the first gradient, and of the
                                  parameter after five steps (the whole tensors would be 40 MB)
"""
import json
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForSequenceClassification, AutoTokenizer, get_linear_schedule_with_warmup

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MODEL = ROOT / "models" / "tiny-encoder"
STEPS, ROWS, SAMPLES = 5, 8, 64
PEAK_RATE = {"full": 5e-4, "lora": 5e-3}
WEIGHT_DECAY, MAX_GRAD_NORM, TOTAL_STEPS, WARMUP_STEPS = 0.01, 1.0, 20, 2


def read_batches(labels):
    """Real tickets, eight to a batch, padded to the longest of the batch."""
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    lines = (ROOT / "templates/text-classification/data/train.jsonl").read_text(encoding="utf8").splitlines()
    rows = [json.loads(line) for line in lines[: STEPS * ROWS]]
    for start in range(0, len(rows), ROWS):
        batch = rows[start : start + ROWS]
        encoded = tokenizer([row["text"] for row in batch], padding=True, truncation=True, max_length=64, return_tensors="pt")
        yield encoded["input_ids"], encoded["attention_mask"], torch.tensor([labels.index(row["label"]) for row in batch])


def create_model(method, labels):
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(MODEL, num_labels=len(labels), dtype=torch.float32)
    if method == "lora":
        model = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16, target_modules=["query", "value"]))
        with torch.no_grad():  # a zero B would give A no gradient in the first step
            for name, parameter in model.named_parameters():
                if "lora_B" in name:
                    parameter.normal_(std=0.02)
    return model.train()


def trained(model):
    """Trained parameters under the names that the files have."""
    rename = lambda name: name.replace(".default", "").replace(".modules_to_save", "")
    return {rename(name): parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def describe(tensor):
    flat = tensor.detach().flatten().double()
    indices = torch.linspace(0, flat.numel() - 1, min(SAMPLES, flat.numel())).long()
    return {"norm": flat.norm().item(), "indices": indices.tolist(), "values": flat[indices].tolist()}


def create_optimizer(parameters):
    """transformers' Trainer: no decay on biases and norms."""
    plain = [p for name, p in parameters.items() if name.endswith(".bias") or "norm" in name.lower()]
    decayed = [p for name, p in parameters.items() if not (name.endswith(".bias") or "norm" in name.lower())]
    groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": plain, "weight_decay": 0.0}]
    return groups


def make(method):
    rows = [json.loads(line) for line in (ROOT / "templates/text-classification/data/train.jsonl").read_text(encoding="utf8").splitlines()]
    labels = sorted({row["label"] for row in rows})
    model = create_model(method, labels)
    parameters = trained(model)
    folder = HERE / "fixtures" / method
    folder.mkdir(parents=True, exist_ok=True)
    fresh = {name: p.detach().clone().contiguous() for name, p in parameters.items() if "classifier" in name or "lora_" in name}
    save_file(fresh, folder / "initial.safetensors", metadata={"format": "pt"})

    optimizer = torch.optim.AdamW(create_optimizer(parameters), lr=PEAK_RATE[method], betas=(0.9, 0.999), eps=1e-8)
    schedule = get_linear_schedule_with_warmup(optimizer, WARMUP_STEPS, TOTAL_STEPS)
    steps, first_gradients = [], {}
    for ids, mask, targets in read_batches(labels):
        loss = model(input_ids=ids, attention_mask=mask, labels=targets).loss
        loss.backward()
        if not first_gradients:
            first_gradients = {name: describe(p.grad) for name, p in parameters.items()}
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), MAX_GRAD_NORM)
        steps.append({"ids": ids.tolist(), "mask": mask.tolist(), "labels": targets.tolist(), "loss": loss.item(), "gradNorm": norm.item(), "learningRate": schedule.get_last_lr()[0]})
        optimizer.step(), schedule.step(), optimizer.zero_grad()

    settings = {"peakRate": PEAK_RATE[method], "weightDecay": WEIGHT_DECAY, "maxGradNorm": MAX_GRAD_NORM, "totalSteps": TOTAL_STEPS, "warmupSteps": WARMUP_STEPS}
    (folder / "steps.json").write_text(json.dumps({"labels": labels, "settings": settings, "steps": steps}) + "\n")
    after = {name: describe(p) for name, p in parameters.items()}
    (folder / "expected.json").write_text(json.dumps({"firstGradients": first_gradients, "parametersAfterFiveSteps": after}) + "\n")
    print(method, [step["loss"] for step in steps])


if __name__ == "__main__":
    torch.set_num_threads(2)
    for method in ("full", "lora"):
        make(method)
