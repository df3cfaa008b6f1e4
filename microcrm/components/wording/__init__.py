"""The box for a message's words."""
