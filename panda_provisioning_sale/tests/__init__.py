from . import test_cancel
from . import test_confirm
from . import test_many
from . import test_problems
from . import test_products
from . import test_recipes
from . import test_robust
from . import test_tours
