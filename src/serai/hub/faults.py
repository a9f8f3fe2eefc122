"""What can go wrong between the hub and the disk, as errors in words."""

from __future__ import annotations

import errno
from pathlib import Path

from serai.errors import SeraiError


class HubUnreachable(SeraiError):
    """The hub did not answer, or not sensibly."""

    status = 502
    code = "hub_unreachable"
    who = "hub"


class Damaged(SeraiError):
    """What arrived is not what the hub says it is."""

    status = 502
    code = "damaged"
    who = "hub"


class DiskFull(SeraiError):
    status = 507
    code = "disk_full"


class StoreUnusable(SeraiError):
    """The Hugging Face cache cannot be written, or would be left by writing into it."""

    status = 507
    code = "store_unusable"


def too_full(needed: int, free: int) -> DiskFull:
    """`needed` more bytes do not go onto a disk with `free` ones."""
    text = f"The disk is too full: this download needs {_gb(needed)} more, and {_gb(free)} are free."
    return DiskFull(
        text,
        hint="Free some space, then resume; what has arrived is kept. `serai gc` may help.",
        needed=needed,
        free=free,
    )


def of_disk(error: OSError, folder: Path, needed: int, free: int) -> SeraiError | None:
    """An error of the file system in words; None for one that is not about the disk."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return too_full(needed, free)
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        hint = "Make it writable for this user, or set HF_HOME to a folder that is; then resume."
        return StoreUnusable(f"The cache {folder} cannot be written: {error.strerror}.", hint=hint)
    if error.errno == errno.ENAMETOOLONG:
        return StoreUnusable(
            "A file's name is too long for this disk.", hint="Set HF_HOME to a folder with a shorter path."
        )
    if error.errno in {errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EIO, errno.ELOOP}:
        hint = "Look at what lies in this folder of the cache; move away what is not a model's file, then resume."
        return StoreUnusable(f"The cache {folder} is in disorder: {error.strerror}.", hint=hint)
    return None


def leads_out(path: Path) -> StoreUnusable:
    return StoreUnusable(
        f"{path.name} in the cache is a link that leads out of it, so nothing is written there.",
        hint="Remove the link, then resume. To keep weights on another disk set HF_HOME to a folder there.",
    )


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"
