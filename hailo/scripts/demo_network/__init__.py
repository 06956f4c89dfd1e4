"""How the shipped demo networks were produced: data, recipe, training, evaluation."""
