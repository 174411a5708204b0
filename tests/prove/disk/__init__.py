"""A disk that forgets what was never synced, for tests that cut the power."""

from tests.prove.disk.layer import WAYS, Cut, compile_layer, launch_env, power_cut

__all__ = ["WAYS", "Cut", "compile_layer", "launch_env", "power_cut"]
