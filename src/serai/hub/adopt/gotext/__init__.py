"""Chat templates that are written for Go's text/template, as Ollama keeps them, in Jinja, as engines take them."""
