"""What could be wrong with a model: residuals, influence, collinearity, a check list."""
