from . import panda_account
