"""PyTorch: from a checkpoint to the ONNX graph."""
