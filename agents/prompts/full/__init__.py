"""The full register: texts for capable models, and the paragraphs that they share."""
