"""HailoNet, a typed mirror of what the compiler's parser makes of an ONNX graph, and what it costs."""
