"""The rules: uploads, photos, events and students, and who may do what to them.

Functions here take and return plain Python: nothing of HTTP, and nothing of pydantic.
"""
