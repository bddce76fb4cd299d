from . import test_state_is_set_to
