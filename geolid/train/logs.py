"""The log of a training: lines for people are marked, so that whoever follows the log can show them alone."""

import logging

MARK = "| "


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        level = "" if record.levelno < logging.WARNING else f"{record.levelname}: "
        ours = record.name.startswith("geolid")
        place = MARK if ours else f"{record.module}:{record.lineno} "
        return f"{self.formatTime(record, '%Y-%m-%d %H:%M:%S')} {place}{level}{record.getMessage()}"


def start_log(level: str) -> None:
    """Write the log to standard error; ESPnet, which would do so in its own way, leaves one that stands alone."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
