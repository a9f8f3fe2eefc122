"""The inside of the transformers engine: loading from a folder, and decoding with it. Needs PyTorch."""
