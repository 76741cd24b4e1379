"""Commands of do-files and programs. They copy Stata's programming: mended, not extended."""
