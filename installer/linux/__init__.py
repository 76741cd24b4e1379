"""The installers of Linux: a Debian package, and one file that installs itself for one user."""
