"""The program held to published numbers and to R, on the machine of the user: ``terrace validate``."""
