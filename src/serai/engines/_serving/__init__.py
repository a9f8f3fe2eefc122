"""What engines without a server of their own share: HTTP on the launch's socket, templates, tokens, sampling, batching.

An engine gives a `Decoder` (batch.py) and a `Vocabulary` (vocabulary.py); everything between these and the socket is
here. Nothing of this is imported by the server, nor before an engine's `serve` is called."""
