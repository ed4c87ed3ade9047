"""Adapters: the outside systems that Troth can use."""

from troth.adapters.root_keys import create_root_key_file, open_root_key

__all__ = ["create_root_key_file", "open_root_key"]
