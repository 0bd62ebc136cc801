"""What moto works out anew for every call, worked out once.

Without these, two thirds of the time of a call of DynamoDB or S3 went into looking for the names of
what is answered, and into loading the addresses of S3 again. What moto answers stays the same.
"""

from functools import cache
from typing import Any

from botocore.model import Shape
from moto.core.base_backend import BaseBackend
from moto.core.serialize import AttributePicker, AttributePickerContext, ResponseSerializer

_get_value = ResponseSerializer.get_value
_urls = BaseBackend.urls.fget


def install() -> None:
    """Let moto use them from now on."""
    ResponseSerializer.get_value = _get_value_by_known_names
    BaseBackend.urls = property(lambda backend: _urls_of(type(backend)))


def _get_value_by_known_names(
    serializer: ResponseSerializer, value: Any, key: str, shape: Shape
) -> Any:
    """Return the member `key` of an answer, which moto may keep under one of several names.

    The names depend on the shape alone where `value` is a dictionary, as all answers of DynamoDB
    are. Everything else is left to moto.
    """
    picker = serializer._value_picker
    if (
        type(value) is not dict
        or not isinstance(picker, AttributePicker)
        or picker.response_transformers
    ):
        return _get_value(serializer, value, key, shape)
    names_by_key = vars(shape).setdefault("names_by_key", {})
    if key not in names_by_key:
        context = AttributePickerContext(obj={}, key=key, shape=shape)
        names_by_key[key] = tuple(dict.fromkeys(picker.get_possible_keys(context)))
    for name in names_by_key[key]:
        if name in value:
            return value[name]
    return None


@cache
def _urls_of(backend: type[BaseBackend]) -> Any:
    """Return which method answers which address. No address depends on the backend's content."""
    return _urls(backend.__new__(backend))
