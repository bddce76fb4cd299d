from enum import IntEnum


class ExitStatus(IntEnum):
    """How a command has ended; 2, wrong usage, is argparse's."""

    ALL_WELL = 0
    NOT_WELL = 1
    STOPPED = 130

    @classmethod
    def of(cls, is_well):
        return cls.ALL_WELL if is_well else cls.NOT_WELL
