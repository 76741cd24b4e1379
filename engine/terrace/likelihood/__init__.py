"""The (restricted) likelihood from cross-products, with exact first and second derivatives."""
