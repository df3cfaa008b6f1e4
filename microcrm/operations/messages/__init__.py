"""Messages to customers: planned with the change that they tell of, withdrawn with it, handed over by the worker
(``tasks/messages.py``), and what became of each."""
