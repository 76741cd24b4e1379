"""What handlers of several families of commands need."""
