"""The terminal UI: it watches a run through the store and steers it by directives; closing it changes nothing."""
