"""What do-files and programs need: macros, matrices, loops. It copies Stata's programming: mended, not extended."""
