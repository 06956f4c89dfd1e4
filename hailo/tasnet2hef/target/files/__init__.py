"""The metadata of a HEF, a HAR or an ONNX graph, read without the vendor's software."""
