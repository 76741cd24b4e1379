"""A model as code of other programs (`out`), and what other programs call a model read as one of Terrace (`read`)."""
