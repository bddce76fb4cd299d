from . import base_partner_merge
from . import panda_sync_options
from . import provisioning_systems
