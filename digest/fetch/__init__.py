"""The polite client, and which address serves which day. The only importer of requests."""
