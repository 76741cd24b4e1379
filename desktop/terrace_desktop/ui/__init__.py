"""What all parts of the window share: colours, settings, dialogs, small widgets."""
