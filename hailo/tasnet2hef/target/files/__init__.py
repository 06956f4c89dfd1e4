"""What a file says about itself: a HEF, a HAR or an ONNX graph, read without the vendor's software."""
