"""Independent oracles: what the engine's numbers are held to.

Nothing here imports `terrace`. `dense` is the textbook algebra on one n-by-n matrix in plain NumPy; `r/`
holds results of R packages with the scripts that made them.
"""
