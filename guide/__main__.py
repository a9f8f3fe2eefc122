"""`python -m guide`: trains serai-guide, writes it as GGUF, examines that very file, and writes its card.

`python -m guide --exam` examines the committed file and rewrites the card, without training.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from guide import card, exam, phrases

OUTPUT = Path("src/serai/guide/serai-guide.gguf")
MISSES = Path(".guide/misses.txt")
TAUGHT_EVERY = 20  # of the taught phrases, one in this many is asked


def main() -> None:
    """Runs the steps one after another."""
    parser = argparse.ArgumentParser(prog="python -m guide", description=__doc__)
    parser.add_argument("--exam", action="store_true", help="examine the model that is there, without training")
    parser.add_argument("--threads", type=int, default=2, help="processor threads (the result depends on it slightly)")
    parser.add_argument("--output", type=Path, default=OUTPUT, help=f"the model's file (default {OUTPUT})")
    options = parser.parse_args()
    started = time.monotonic()
    if not options.exam:
        _train(options.output, options.threads)
    results = _examine(options.output, options.threads)
    card.write(options.output, results)
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.2f} MB, {time.monotonic() - started:.0f} s in all")


def _train(output: Path, threads: int) -> None:
    import torch  # heavy, and not needed by `--exam`

    from guide import convert, train

    torch.set_num_threads(threads)
    recipe = train.Recipe()
    taught = [phrase for language in recipe.languages for phrase in phrases.training(language)]
    model, school = train.train(recipe, taught)
    convert.write(model, school, output)


def _examine(model: Path, threads: int) -> list[exam.Result]:
    candidate = exam.Candidate(model, threads)
    results, marks = [], []
    for language in phrases.LANGUAGES:
        result, some = exam.examine(candidate, language, TAUGHT_EVERY)
        print(result, flush=True)
        results.append(result)
        marks += some
    exam.write_misses(marks, MISSES)
    return results


if __name__ == "__main__":
    main()
