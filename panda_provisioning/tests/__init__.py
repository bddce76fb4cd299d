from . import test_main_job
from . import test_tours
