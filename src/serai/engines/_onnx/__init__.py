"""The inside of the ONNX engine: ONNX Runtime and NumPy, no PyTorch and no transformers."""
