"""Programs that are installed by a double click: one frozen folder, and from it what each system installs."""
