"""A stand-in for tests: the binding, as far as the names of its status numbers."""

from hailo_platform.settings import STATUS


def get_status_message(status: int) -> str:
    return STATUS[status]
