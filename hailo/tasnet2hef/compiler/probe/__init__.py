"""The compiler itself answers: the example graphs of rules and operators run through it."""
