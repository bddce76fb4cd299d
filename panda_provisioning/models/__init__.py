from . import provisioning_system_mixin
from . import panda_system
from . import panda_account
from . import panda_sync_log
from . import panda_service
from . import res_partner
