"""The results pane: a card a model or command, with journal tables, plots and what can be done next."""
