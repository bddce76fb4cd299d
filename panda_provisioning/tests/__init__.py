from . import test_bad_connection
from . import test_bad_input
from . import test_bad_parent
from . import test_main_job
from . import test_refusals
from . import test_engine
from . import test_tours
