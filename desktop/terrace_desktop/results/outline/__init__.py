"""The outline of the results: models on a line of descent, with what belongs to them."""
