"""Pages of the documentation that are made from the program itself, and what builds them; see tools/docs_site.py."""
