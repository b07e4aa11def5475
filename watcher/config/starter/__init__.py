"""The files that `watcher init` writes."""
