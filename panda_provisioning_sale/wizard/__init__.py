from . import panda_mark_done
