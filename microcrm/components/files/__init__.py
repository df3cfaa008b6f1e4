"""Photos and papers of a customer on the screen."""
