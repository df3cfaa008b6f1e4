"""Messages to the customers of a segment: written and looked at before, sent on their way, planned as they go, and their result."""
