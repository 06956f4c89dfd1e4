"""Compares every form of a net, from ONNX to the device, with the original network's own output."""
