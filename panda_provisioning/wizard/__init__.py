from . import base_partner_merge
from . import panda_link
from . import panda_mark_done
from . import panda_move
from . import panda_sandbox_connect
from . import panda_sync_options
from . import provisioning_systems
