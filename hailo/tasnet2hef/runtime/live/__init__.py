"""Live separation, microphone in and chosen source out: callbacks only copy, one worker computes."""
