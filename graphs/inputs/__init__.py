"""Examples and candidates that a run starts from: generated examples, forks, multi-task views."""
