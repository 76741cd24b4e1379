"""``estat``: what there is to know of a fit."""
