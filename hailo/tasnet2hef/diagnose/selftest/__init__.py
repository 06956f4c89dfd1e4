"""Holds every stage of what was made, ONNX to device, against the original network's own output."""
