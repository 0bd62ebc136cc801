"""What an upload is, what may happen to it, and who may see it.

Functions here take and return plain Python: nothing of HTTP, and nothing of pydantic.
"""
