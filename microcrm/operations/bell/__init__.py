"""What happened, told to each member of a business: written with the change itself, read and put away by whom it is for."""
