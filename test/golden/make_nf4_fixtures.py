"""Writes fixtures/nf4.safetensors: weights, and what bitsandbytes makes of them as NF4 with double quantisation.

usage: make_nf4_fixtures.py   (with the packages of requirements.txt, on the processor; bitsandbytes needs no GPU for this)

Per case, named as bitsandbytes names the tensors of a layer in a file:
<case>.values                     the weight [rows, columns], float32
<case>.weight                     two codes a byte, the even element in the high half
<case>.weight.absmax, .quant_map, .nested_absmax, .nested_quant_map, .quant_state.bitsandbytes__nf4
<case>.dequantized                float32
"""
from pathlib import Path

import torch
from bitsandbytes.functional import dequantize_4bit, quantize_4bit
from safetensors.torch import save_file

OUT = Path(__file__).parent / "fixtures" / "nf4.safetensors"


def make_weights():
    """Whole blocks with more than 256 of them; blocks that straddle rows; an odd number of elements; zeros and extremes."""
    torch.manual_seed(0)
    extremes = torch.randn(4, 64)
    extremes[0] = 0
    extremes[1, 5] = 1e4
    extremes[2] *= 1e-6
    return {
        "wide": torch.randn(130, 128) * 0.02,
        "straddling": torch.randn(30, 33),
        "odd": torch.randn(3, 5),
        "extremes": extremes,
    }


def quantize(values):
    packed, state = quantize_4bit(values.clone(), blocksize=64, compress_statistics=True, quant_type="nf4")
    parts = {"weight": packed, "dequantized": dequantize_4bit(packed, state), "values": values}
    return parts | {f"weight.{name}": tensor for name, tensor in state.as_dict(packed=True).items()}


if __name__ == "__main__":
    tensors = {
        f"{case}.{name}": tensor.clone().contiguous()
        for case, values in make_weights().items()
        for name, tensor in quantize(values).items()
    }
    save_file(tensors, OUT, metadata={"format": "pt"})
