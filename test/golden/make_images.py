"""What transformers' image processors (those that use Pillow) make of images, written to fixtures/images.

usage: make_images.py                        makes the fixture: small images of our own, and what comes of them
       make_images.py FOLDER OUT IMAGE...    the same of other images, not to be kept (beyond requirements.txt: pillow)
"""
import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np
from PIL import Image, ImageOps
from safetensors.numpy import save_file
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

FIXTURE = Path(__file__).parent / "fixtures" / "images"


def processors(side):
    square = {"height": side, "width": side}
    return {
        "clip": CLIPImageProcessorPil(size={"shortest_edge": side}, crop_size=square),
        "clip-padded": CLIPImageProcessorPil(size={"shortest_edge": side - 5}, crop_size={"height": side, "width": side + 3}),
        "vit": ViTImageProcessorPil(size=square, do_convert_rgb=True),
        "siglip": SiglipImageProcessorPil(size={"height": side - 3, "width": side}),
        "blip": BlipImageProcessorPil(size=square),
        "lanczos": ViTImageProcessorPil(size=square, do_convert_rgb=True, resample=1, do_normalize=False),
        "untouched": ViTImageProcessorPil(do_resize=False, do_rescale=False, do_normalize=False, do_convert_rgb=True),
    }


def draw(width, height):
    """Edges, gradients and noise: what filters disagree about."""
    y, x = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(7).integers(0, 256, (height, width))
    waves = 127.5 + 127.5 * np.sin(x * x / 40 + y / 3)
    return np.stack([np.where((x // 5 + y // 7) % 2, 250, 5), waves, noise], -1).astype(np.uint8)


def make_images():
    FIXTURE.mkdir(parents=True, exist_ok=True)
    Image.fromarray(draw(47, 31)).save(FIXTURE / "wide.png", optimize=True)
    Image.fromarray(draw(9, 13)).save(FIXTURE / "small.png", optimize=True)
    Image.fromarray(draw(40, 56)).convert("L").save(FIXTURE / "grey.png", optimize=True)
    alpha = (np.arange(30 * 41).reshape(30, 41, 1) % 256).astype(np.uint8)
    Image.fromarray(np.concatenate([draw(41, 30), alpha], -1)).save(FIXTURE / "transparent.png", optimize=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    Image.fromarray(draw(44, 30)).save(FIXTURE / "turned.jpg", quality=60, exif=exif)


def record(file, side):
    image = ImageOps.exif_transpose(Image.open(file))
    return {name: processor(image, return_tensors="np")["pixel_values"][0] for name, processor in processors(side).items()}


def main(folder, out, names, side):
    tensors = {f"{name} {kind}": np.ascontiguousarray(values) for name in names for kind, values in record(folder / name, side).items()}
    for key in [key for key in tensors if key.endswith("untouched")]:
        assert np.array_equal(tensors[key], tensors[key].astype(np.uint8))
        tensors[key] = tensors[key].astype(np.float16)  # whole numbers below 256
    configs = {}
    for kind, processor in processors(side).items():
        configs[kind] = json.loads(processor.to_json_string())
        configs[kind]["image_processor_type"] = configs[kind]["image_processor_type"].removesuffix("Pil")
    save_file(tensors, out / "expected.safetensors")
    (out / "configs.json").write_text(json.dumps(configs, indent=1) + "\n", "utf8")
    print(f"{out}: {sum(file.stat().st_size for file in out.iterdir())} bytes, {len(tensors)} tensors", file=sys.stderr)


if len(sys.argv) == 1:
    make_images()
    main(FIXTURE, FIXTURE, sorted(file.name for file in FIXTURE.iterdir() if file.suffix in (".png", ".jpg")), 16)
else:
    out = Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    main(Path(sys.argv[1]), out, sys.argv[3:], 224)
