"""The networks in torch: the original's semantics and the Hailo-native rewrite."""
