"""ONNX operators to layers: one file per operator pattern, found by its decorator (see `registry`)."""
