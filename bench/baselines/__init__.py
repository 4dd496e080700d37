"""The same way of a change as a competent engineer writes it without Shiftwire: three usual combinations.

Each runs in the environment of `bench/requirements.lock` and imports nothing of Shiftwire.
"""
