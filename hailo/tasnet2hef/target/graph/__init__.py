"""HailoNet: the layers that the compiler's parser makes of an ONNX graph, as predicted, and their cost."""
