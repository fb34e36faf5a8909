"""A language model that says what was written down for it: OpenAI's chat completions contract, with faults on demand."""
