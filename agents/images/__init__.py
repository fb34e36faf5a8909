"""What happens to an upload: the object store, the decoder in a process of its own, and the effects that join them."""
