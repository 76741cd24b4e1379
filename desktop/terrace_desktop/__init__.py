"""The Terrace window: a PySide6 application over the engine `terrace`."""
