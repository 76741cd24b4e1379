"""Terms of the model: chips, menus, pickers."""
