"""Tests that run notebooks side by side: which of them, and what came of one."""
import pytest


def chapters_of(request, test):
    """The paths with which a test was asked for: all of them, or those that `-k` left."""
    return [item.callspec.params["path"] for item in request.session.items if item.function is test]


def passes(failed):
    """The test fails with what failed in a notebook."""
    if failed:
        pytest.fail(str(failed), pytrace=False)
