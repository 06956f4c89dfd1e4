"""Live separation, from the microphone to the chosen source: callbacks only copy, one worker computes."""
