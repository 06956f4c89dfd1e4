"""How the shipped demo networks were made: data, recipe, training, evaluation."""
