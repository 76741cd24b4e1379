"""The grammar of graph commands. It copies Stata's: mended, not extended."""
