"""The archive killed, and its disk full: run again, and nothing is lost or there twice."""
