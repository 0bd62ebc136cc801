"""Photodrop's domain: what an upload is, what may happen to it, and who may see it.

Handlers (the modules beside this package) parse a request or an event, call one function from
here and return. Nothing in this package imports a handler.
"""
