"""gunicorn's own log, in the form of the site's (LOG_FORMAT), with the name of each request."""

from __future__ import annotations

import datetime
import logging
import os
from typing import Any

from gunicorn.glogging import Logger

from citations.logs import FORMATTERS, RequestFilter


class ServerLog(Logger):
    """Its errors, and with ACCESS_LOG a line for each request. Both go where gunicorn sends them."""

    def setup(self, cfg: Any) -> None:
        """Set gunicorn's handlers to the site's form. A malformed LOG_FORMAT is refused by settings.py, not here."""
        super().setup(cfg)
        formatter = FORMATTERS.get(os.environ.get("LOG_FORMAT", "line").strip().lower(), FORMATTERS["line"])()
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            handler.setFormatter(formatter)
            handler.addFilter(RequestFilter())

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: datetime.timedelta) -> None:
        """One line: what was asked and how it was answered. The query is left out: it may be what somebody searched."""
        if not self.cfg.accesslog:
            return
        headers = {name.lower(): value for name, value in resp.headers}
        record: dict[str, Any] = {
            "request_id": headers.get("x-request-id", ""),
            "client": environ.get("REMOTE_ADDR", ""),
            "method": environ.get("REQUEST_METHOD", ""),
            "path": environ.get("PATH_INFO", ""),
            "status": int(resp.status_code),
            "bytes": resp.sent or 0,
            "milliseconds": round(request_time.total_seconds() * 1000, 1),
        }
        self.access_log.log(logging.INFO, "request", extra=record)
