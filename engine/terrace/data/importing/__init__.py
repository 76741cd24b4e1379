"""How a text file or a sheet is read: one frozen description, what it makes of the file, and what is lost by it."""
