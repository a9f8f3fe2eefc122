"""The memory that Serai expects a model to take, against what its process took at most.

    PYTHONPATH=src python -m bench.budget [--torch PYTHON] [--only WORD] [--keep FILE.json]

Each model is written with random weights, loaded by the engine that would run it, and reads a prompt as long as its
context, but at most FILL tokens: llama.cpp takes the memory for the whole context at once. PyTorch's cache is filled up
with random numbers, and only the last two batches are read. Then the peak of its resident memory is read from the
system. `--torch` is a Python with torch and transformers, for the safetensors models; without it they are left out.
Linux only."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.shapes import Gguf, Safetensors
from serai.hosting import launching
from serai.hosting.budget import Need, Plan, need
from serai.hosting.fitting import Choice
from serai.hosting.process import ModelProcess
from serai.hub import headers
from serai.settings import Models
from serai.types import Model

FILL = 2048


@dataclass(frozen=True)
class Case:
    name: str
    shape: Gguf | Safetensors
    plan: Plan


def gguf_case(name: str, shape: Gguf, context: int, **plan: Any) -> Case:
    return Case(name, shape, Plan(context=context, **{"batch": 128, **plan}))


def torch_case(name: str, config: str, context: int, dtype: str = "bfloat16", **facts: Any) -> Case:
    usual = {
        "vocab_size": 32000,
        "hidden_size": 1024,
        "intermediate_size": 2816,
        "num_hidden_layers": 8,
        "num_attention_heads": 16,
        "num_key_value_heads": 4,
        "max_position_embeddings": 1 << 17,
    }
    shape = Safetensors(config=config, dtype=dtype, facts={**usual, **facts})
    return Case(name, shape, Plan(engine="transformers", context=context, batch=128))


CASES = (
    gguf_case("GGUF dense MHA, Q8_0", Gguf(kind="Q8_0", kv_heads=16), 2048),
    gguf_case("GGUF dense MHA, F16", Gguf(kind="F16", kv_heads=16, layers=6), 4096),
    gguf_case("GGUF GQA, Q4_K, 2 streams", Gguf(layers=16, width=1536, heads=24, feed_forward=4096), 4096, parallel=2),
    gguf_case("GGUF GQA, Q6_K, batch 64", Gguf(layers=12, kind="Q6_K", feed_forward=4096), 8192, batch=64),
    gguf_case("GGUF GQA, Q4_0, KV q8_0", Gguf(layers=8, kind="Q4_0"), 16384, kv_type="q8_0"),
    gguf_case("GGUF GQA, Q8_0, long", Gguf(layers=4, width=512, heads=8, kv_heads=2, kind="Q8_0"), 32768),
    gguf_case("GGUF GQA, words 128k, tied", Gguf(layers=6, kind="Q8_0", vocabulary=128000, tied=True), 4096),
    gguf_case("GGUF 1.1 B, Q4_K", Gguf(layers=22, width=2048, heads=32, feed_forward=5632), 2048),
    gguf_case("GGUF MoE 8 of which 2, Q4_K", Gguf(layers=6, feed_forward=1792, experts=8, used=2), 4096),
    gguf_case(
        "GGUF MoE 32 of which 8, Q8_0",
        Gguf(architecture="qwen3moe", layers=6, kind="Q8_0", experts=32, used=8, expert=256, feed_forward=2048),
        8192,
    ),
    gguf_case(
        "GGUF windows of 512, Q8_0",
        Gguf(architecture="gemma3", layers=12, kind="Q8_0", window=512, tied=True, feed_forward=4096),
        8192,
    ),
    gguf_case(
        "GGUF windows of 1024, Q4_0, long",
        Gguf(architecture="gemma3", layers=6, width=512, heads=8, kind="Q4_0", window=1024, tied=True),
        32768,
    ),
    torch_case("safetensors dense MHA, float32", "LlamaConfig", 2048, "float32", num_key_value_heads=16),
    torch_case(
        "safetensors GQA, bfloat16",
        "LlamaConfig",
        4096,
        num_hidden_layers=16,
        hidden_size=1536,
        num_attention_heads=24,
        intermediate_size=4096,
    ),
    torch_case("safetensors GQA, 128k words", "Qwen3Config", 8192, vocab_size=128000, head_dim=64),
    torch_case(
        "safetensors GQA, long",
        "LlamaConfig",
        32768,
        num_hidden_layers=4,
        hidden_size=512,
        num_attention_heads=8,
        num_key_value_heads=2,
    ),
    torch_case(
        "safetensors MoE 8 of which 2",
        "MixtralConfig",
        2048,
        num_hidden_layers=6,
        num_local_experts=8,
        num_experts_per_tok=2,
        intermediate_size=1792,
    ),
    torch_case(
        "safetensors MoE 32 of which 8",
        "Qwen3MoeConfig",
        4096,
        num_hidden_layers=6,
        num_experts=32,
        num_experts_per_tok=8,
        moe_intermediate_size=256,
        head_dim=64,
    ),
    torch_case(
        "safetensors windows of 512",
        "Gemma3TextConfig",
        8192,
        num_hidden_layers=12,
        sliding_window=512,
        head_dim=64,
        intermediate_size=4096,
    ),
    torch_case(
        "safetensors windows of 1024, float32",
        "MistralConfig",
        16384,
        "float32",
        sliding_window=1024,
        num_hidden_layers=6,
    ),
)

TORCH = """
import json, sys, torch, transformers
told, folder, context, batch = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(1)
config = getattr(transformers, told["config"])(**told["facts"])
if sys.argv[5] == "write":
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config, dtype=getattr(torch, told["dtype"]))
    model.to_empty(device="cpu")
    for weight in model.parameters():
        torch.nn.init.constant_(weight, 0.01)
    model.tie_weights()
    model.save_pretrained(folder)
    sys.exit()
how = {"local_files_only": True, "use_safetensors": True, "attn_implementation": "sdpa"}
model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, told["dtype"]), **how)
model.eval()
model.get_input_embeddings().weight.sum()  # in time, prompts touch all words
cache, ids = transformers.DynamicCache(), torch.randint(300, 20000, (1, 2 * batch))
head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
with torch.inference_mode():
    for layer in range(config.num_hidden_layers):
        for begin in range(0, context - 2 * batch, batch):
            size = (1, config.num_key_value_heads, batch, head)
            cache.update(torch.randn(size).to(model.dtype), torch.randn(size).to(model.dtype), layer)
    for begin in (0, batch):
        model(ids[:, begin:begin + batch], past_key_values=cache, use_cache=True, logits_to_keep=1)
print(open("/proc/self/status").read())
"""


async def measured_llama(case: Case, folder: Path) -> tuple[Need, dict[str, int]]:
    assert isinstance(case.shape, Gguf)
    path = case.shape.write(folder / "model.gguf")
    shape = headers.read(path)
    needed = need(shape, case.plan)
    model = Model(name="shape", task="text-generation", format="gguf", engine="llama.cpp", path=str(path))
    launch = launching.plan("llama.cpp", model, Models(threads=2), Choice(case.plan, needed), launching.machine())
    process = ModelProcess(replace(launch, gpu_layers=0, kv_type=case.plan.kv_type), environ=os.environ)
    await process.start(120)
    try:
        await asyncio.gather(*(_fill(process, case.plan, number) for number in range(case.plan.parallel)))
        return needed, _memory(Path(f"/proc/{process.pid}/status").read_text())
    finally:
        await process.stop()


async def _fill(process: ModelProcess, plan: Plan, number: int) -> None:
    prompt = [300 + (place * 7 + number) % 20000 for place in range(min(FILL, plan.context) - 8)]
    body = json.dumps({"prompt": prompt, "n_predict": 2}).encode()
    async with await process.post("/completion", body) as response:
        if response.status != 200:
            raise RuntimeError(await response.text())
        await response.read()


def measured_torch(case: Case, folder: Path, python: str) -> tuple[Need, dict[str, int]]:
    assert isinstance(case.shape, Safetensors)
    command = [python, "-c", TORCH, case.shape.told(), str(folder), str(case.plan.context), str(case.plan.batch)]
    subprocess.run([*command, "write"], check=True, capture_output=True)
    ran = subprocess.run([*command, "run"], check=True, capture_output=True, text=True)
    return need(headers.read(folder), case.plan), _memory(ran.stdout)


def _memory(status: str) -> dict[str, int]:
    return {name: int(size) << 10 for name, size in re.findall(r"^(Vm\w+|Rss\w+):\s*(\d+) kB", status, re.MULTILINE)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch", help="a Python with torch and transformers")
    parser.add_argument("--only", default="", help="only cases whose name holds this")
    parser.add_argument("--keep", type=Path, help="also writes the figures here")
    args = parser.parse_args()
    os.nice(10)
    rows = []
    print("| model | context | weights | KV | compute | runtime | copied | estimate, MB | measured peak, MB | ratio |")
    print("|---|---|---|---|---|---|---|---|---|---|", flush=True)
    for case in CASES:
        if args.only not in case.name or (isinstance(case.shape, Safetensors) and not args.torch):
            continue
        with tempfile.TemporaryDirectory() as folder:
            if isinstance(case.shape, Gguf):
                needed, taken = asyncio.run(measured_llama(case, Path(folder)))
            else:
                needed, taken = measured_torch(case, Path(folder), args.torch)
        streams = f"{case.plan.parallel} × " if case.plan.parallel > 1 else ""
        parts = (needed.weights, needed.kv, needed.compute, needed.runtime, needed.spare, needed.peak, taken["VmHWM"])
        cells = " | ".join(f"{part / 1e6:.0f}" for part in parts)
        ratio = needed.peak / taken["VmHWM"]
        print(f"| {case.name} | {streams}{case.plan.context:,} | {cells} | {ratio:.2f} |", flush=True)
        rows.append({"name": case.name, "ratio": ratio, "estimate": needed.peak, **taken})
    within = sum(0.9 <= row["ratio"] <= 1.1 for row in rows)
    print(f"\n{within} of {len(rows)} within 10 %.")
    if args.keep:
        args.keep.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    sys.exit(main())
