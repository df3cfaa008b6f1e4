"""Photos and papers of customers."""
