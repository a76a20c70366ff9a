"""The second floor: what others may add. The built-ins come in by the same door (`builtin.py`)."""
