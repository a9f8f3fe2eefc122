"""The parts of the llama.cpp engine: what is chosen, and how either of its servers is told."""
