"""The results document: what it holds, where a new result goes, and how a user changes it."""
