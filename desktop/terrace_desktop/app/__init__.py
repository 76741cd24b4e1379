"""The application: start, main window, menus, and the flows between its parts."""
