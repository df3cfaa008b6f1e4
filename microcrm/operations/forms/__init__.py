"""The forms that a business keeps about its customers: written by the owner, in versions."""
