"""Reads the contents of a HEF, a HAR or an ONNX graph, without the vendor's software."""
