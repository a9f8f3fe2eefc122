"""One module per group of commands. Each has an `app`: a typer.Typer whose commands join the tree, or, with a name of
its own, a group of them. A new command is a new module here and its test; nothing else changes.

Modules here are imported for every command line, so they import nothing heavy outside of functions."""
