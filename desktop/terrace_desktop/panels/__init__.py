"""The panels of forms: the data, and what follows a fit. Declarations of forms only."""
