"""One guided path from a checkpoint and speech to the HEF: it decides, says why, and stops at what is broken."""
