"""The commands, one module a family. A module registers its handlers when it is imported."""
