"""llama.cpp's server out of the xllamacpp wheel, in this process."""

from __future__ import annotations

from typing import Any

from serai.engines._llama.options import REPEATED, SLOTS, SPECULATION, Options
from serai.registry import Launch


def gpus(xllamacpp: Any) -> list[str]:
    """The GPUs that this build of llama.cpp can use."""
    kinds = xllamacpp.ggml_backend_dev_type
    wanted = {kinds.GGML_BACKEND_DEVICE_TYPE_GPU, kinds.GGML_BACKEND_DEVICE_TYPE_IGPU}
    return [device["description"] for device in xllamacpp.get_device_info() if device["type"] in wanted]


def params(xllamacpp: Any, launch: Launch, options: Options) -> Any:
    """The options as the wheel takes them."""
    params = xllamacpp.CommonParams()
    params.model.path = launch.path
    params.model_alias = {launch.model}
    params.mmproj.path = launch.projector
    params.mmproj_use_gpu = options.layers != 0
    params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(path, scale) for path, scale in launch.adapters]
    _listen(params, launch)
    _memory(xllamacpp, params, options)
    params.n_gpu_layers = options.layers
    params.fit_params = options.layers == -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads
    params.n_threads_http = options.parallel + 4
    params.verbosity = 3
    if options.template:
        params.chat_template = options.template
    if options.guessed:
        name = f"COMMON_SPECULATIVE_TYPE_{SPECULATION.upper().replace('-', '_')}"
        params.speculative.types = [xllamacpp.common_speculative_type[name]]
        params.speculative.ngram_map_k.size_n = REPEATED
        params.speculative.ngram_map_k.size_m = options.guessed
    if options.pooling:
        params.embedding = True
    if options.pooling == "rank":
        params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_RANK
    return params


def _listen(params: Any, launch: Launch) -> None:
    params.ui = False
    params.endpoint_slots = True
    params.slot_save_path = f"{SLOTS}/"
    params.hostnames = [launch.socket] if launch.socket else ["127.0.0.1"]
    params.port = launch.port
    if launch.token:
        params.api_keys = [launch.token]


def _memory(xllamacpp: Any, params: Any, options: Options) -> None:
    params.kv_unified = options.unified
    params.n_ctx = options.context
    params.n_parallel = options.parallel
    params.n_batch = params.n_ubatch = options.batch
    params.cache_prompt = True
    params.cache_ram_mib = options.cache_mb
    params.ctx_shift = False
    params.n_ctx_checkpoints = options.checkpoints or params.n_ctx_checkpoints
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type[f"GGML_TYPE_{options.kv_type.upper()}"]
    word = {"on": "ENABLED", "off": "DISABLED", "auto": "AUTO"}[options.flash_attention]
    params.flash_attn_type = xllamacpp.llama_flash_attn_type[f"LLAMA_FLASH_ATTN_TYPE_{word}"]
