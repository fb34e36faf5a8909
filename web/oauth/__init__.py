"""Identity providers: one port, an adapter each. The code is exchanged here, on the server, and nowhere else (auth 1, 23)."""
