"""What a file says of itself: a HEF, a HAR or an ONNX graph, read without the vendor's software."""
