"""PyTorch + transformers + PEFT as a contestant of the bench: speaks the lines of ../messages.ts.

usage: pytorch_contestant.py JOB [--threads 2] [--attention sdpa|eager] [--bf16]

Reads the job, builds the model once from the job's initial weights, and for every line {"steps": n} on its input takes n
optimizer steps and answers with one JSON line; {"predict": FILE} asks for the class of every row of a file of batches. The optimizer is that of Hugging Face's Trainer: fused AdamW, no decay on
biases and norms, the gradient norm clipped.
"""
import argparse
import json
import os
import resource
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what libraries print is no answer


def answer(message):
    print(json.dumps(message), file=answers, flush=True)


try:
    import peft
    import torch
    import transformers
    from safetensors.torch import load_file
except ImportError as error:
    answer({"kind": "refused", "reason": f"{sys.executable}: {error}"})
    sys.exit(0)


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("job")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--attention", help="transformers' attn_implementation; its own choice when absent")
    parser.add_argument("--bf16", action="store_true", help="autocast to bfloat16, as Trainer's bf16=True")
    return parser.parse_args()


def create_model(job, attention):
    options = {} if attention is None else {"attn_implementation": attention}
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        job["model"], num_labels=job["labels"], dtype=torch.float32, **options
    )
    initial = load_file(job["initialWeights"])
    if job["method"] == "lora":
        lora = job["lora"]
        config = peft.LoraConfig(
            task_type="SEQ_CLS", r=lora["r"], lora_alpha=lora["alpha"], lora_dropout=0.0, target_modules=lora["targetModules"]
        )
        model = peft.get_peft_model(model, config)
        unexpected = peft.set_peft_model_state_dict(model, initial).unexpected_keys
    else:
        unexpected = model.load_state_dict(initial, strict=False).unexpected_keys
    if unexpected:
        raise SystemExit(f"{job['initialWeights']} has tensors that the model does not know: {unexpected}")
    return model.train()


def create_optimizer(model, job):
    trained = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    has_decay = lambda name: not (name.endswith(".bias") or "norm" in name.lower())
    groups = [
        {"params": [p for name, p in trained if has_decay(name)], "weight_decay": job["weightDecay"]},
        {"params": [p for name, p in trained if not has_decay(name)], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=job["learningRate"], betas=(0.9, 0.999), eps=1e-8, fused=True)


def create_schedule(optimizer, job):
    if "schedule" not in job:
        return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    steps = job["schedule"]
    return transformers.get_linear_schedule_with_warmup(optimizer, steps["warmupSteps"], steps["totalSteps"])


def read_batches(path):
    with open(path, encoding="utf8") as file:
        for batch in json.load(file):
            longest = max(len(row) for row in batch["ids"])
            yield {
                "input_ids": torch.tensor([row + [0] * (longest - len(row)) for row in batch["ids"]]),
                "attention_mask": torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in batch["ids"]]),
                "labels": torch.tensor(batch["labels"]),
            }


def predict(model, path):
    model.eval()
    with torch.no_grad():
        labels = [label for batch in read_batches(path) for label in model(**batch).logits.argmax(-1).tolist()]
    model.train()
    return labels


def take_step(model, optimizer, batch, job, bf16):
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], job["maxGradNorm"])
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main():
    arguments = read_arguments()
    with open(arguments.job, encoding="utf8") as file:
        job = json.load(file)
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(job["seed"])
    model = create_model(job, arguments.attention)
    optimizer = create_optimizer(model, job)
    schedule = create_schedule(optimizer, job)
    batches = list(read_batches(job["batches"]))
    answer({
        "kind": "ready",
        "threads": torch.get_num_threads(),
        "trainedParameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
    })

    step = 0
    for line in sys.stdin:
        turn = json.loads(line)
        if "predict" in turn:
            answer({"kind": "predicted", "labels": predict(model, turn["predict"])})
            continue
        seconds, losses, tokens = [], [], 0
        for _ in range(turn["steps"]):
            batch = batches[step % len(batches)]
            start = time.perf_counter()
            losses.append(take_step(model, optimizer, batch, job, arguments.bf16))
            schedule.step()
            seconds.append(time.perf_counter() - start)
            tokens += int(batch["attention_mask"].sum())
            step += 1
        answer({"kind": "ran", "stepSeconds": seconds, "losses": losses, "tokens": tokens, "peakBytes": peak_bytes()})


main()
