"""What the web answers, for the OpenAPI document: the shapes that clients may rely on; more fields may come."""
