"""What map servers answer, judged before QGIS takes it."""

import time
from urllib.parse import parse_qs, urlsplit

from qgis import core
from qgis.PyQt.QtCore import QBuffer
from qgis.PyQt.QtGui import QImage, QImageReader
from qgis.PyQt.QtNetwork import QNetworkReply, QNetworkRequest

MOST_BYTES = 64 << 20  # of one answer
MOST_PIXELS = 64 << 20
TOO_LARGE = "the server sent a picture that is too large"


class Watch:
    """Looks at what servers answer while a base map is drawn: providers swallow most lies.

    An answer is judged on the thread that asked for it, before QGIS takes it. `problems` are
    sentences without addresses, which may hold tokens; `holes` counts tiles that do not exist.
    """

    def __init__(self):
        self.problems, self.holes, self.good, self.bytes = [], 0, 0, 0
        self._serial = 0
        core.QgsNetworkAccessManager.setReplyPreprocessor(self._seen)
        core.QgsNetworkAccessManager.setRequestPreprocessor(follow_redirects)

    def begin(self, timeout_s):
        self.problems, self.holes, self.good, self.bytes = [], 0, 0, 0
        self._serial += 1
        core.QgsNetworkAccessManager.setTimeout(int(timeout_s * 1000))

    def trouble(self):
        """Return the first problem; a hole is none: beyond its coverage empty is the truth."""
        return self.problems[0] if self.problems else ""

    def _seen(self, request, reply):
        serial, began = self._serial, time.monotonic()
        reply.finished.connect(lambda: self._judge(serial, began, request, reply))
        reply.downloadProgress.connect(lambda got, _total: self._weigh(serial, reply, got))

    def _weigh(self, serial, reply, got):
        """Break off an answer that grows beyond all measure, as what unpacks to a hundredfold."""
        if max(got, reply.bytesAvailable()) > MOST_BYTES:
            if serial == self._serial:
                self.problems.append(TOO_LARGE)
            reply.abort()

    def _judge(self, serial, began, request, reply):
        if serial != self._serial:
            return
        status = reply.attribute(QNetworkRequest.HttpStatusCodeAttribute)
        self.bytes += reply.bytesAvailable()
        problem = None
        if status in (204, 404):
            self.holes += 1
        elif reply.error() == QNetworkReply.TooManyRedirectsError:
            problem = network_words(reply.error())
        elif status is not None and 300 <= status < 400:
            return  # Qt follows it, and this is asked again
        elif reply.error() == QNetworkReply.OperationCanceledError:
            waited = time.monotonic() - began
            timeout = core.QgsNetworkAccessManager.timeout() / 1000
            problem = (
                f"the server did not answer within {timeout:g} s" if waited > timeout / 2 else None
            )
        elif reply.error() != QNetworkReply.NoError:
            problem = f"the server answered {status}" if status else network_words(reply.error())
        else:
            problem = picture_problem(
                request.url().toString(), bytes(reply.peek(reply.bytesAvailable()))
            )
            self.good += problem is None
        if problem is not None:
            self.problems.append(problem)
        if problem == TOO_LARGE:
            reply.readAll()  # nobody else is to unpack it


def follow_redirects(request):
    """Have Qt follow them: QGIS itself takes no relative ones and knows no end."""
    policy = QNetworkRequest.NoLessSafeRedirectPolicy
    request.setAttribute(QNetworkRequest.RedirectPolicyAttribute, policy)
    request.setMaximumRedirectsAllowed(5)


def network_words(error):
    words = {
        QNetworkReply.ConnectionRefusedError: "the server refuses the connection",
        QNetworkReply.HostNotFoundError: "the server's name is not known",
        QNetworkReply.TimeoutError: "the server did not answer in time",
        QNetworkReply.RemoteHostClosedError: "the server closed the connection",
        QNetworkReply.SslHandshakeFailedError: "the server's certificate is not valid",
        QNetworkReply.TooManyRedirectsError: "the server redirects without end",
    }
    return words.get(error, f"the network failed (code {int(error)})")


def picture_size(body):
    """Return width and height as the picture's head says them, without unpacking it."""
    data = QBuffer()
    data.setData(body)
    data.open(QBuffer.ReadOnly)
    return QImageReader(data).size()


def picture_problem(url, body):
    """Say what is wrong with an answer that came with 200, or return None."""
    query = {name.upper(): values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    asked = query.get("REQUEST", "").lower()
    start = body[:512].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "the server sent a web page instead of a picture"
    if asked == "getcapabilities":
        return None if start.startswith(b"<") else "the server's capabilities are no XML"
    if start.startswith(b"<"):
        return "the server sent a message instead of a picture"
    if url.split("?")[0].endswith((".pbf", ".mvt", ".json")):
        return None
    if not body:
        return "the server sent an empty picture"
    return raster_problem(body, query if asked == "getmap" else {})


def raster_problem(body, query):
    """Say what is wrong with a picture; of a GetMap it must have the size of the query."""
    if body.startswith(b"\x89PNG") and b"IEND" not in body[-16:]:
        return "the server sent half a picture"
    if body.startswith(b"\xff\xd8") and b"\xff\xd9" not in body[-64:]:
        return "the server sent half a picture"
    size = picture_size(body)
    if size.isValid() and size.width() * size.height() > MOST_PIXELS:
        return TOO_LARGE
    image = QImage.fromData(body)
    if image.isNull():
        known = body.startswith((b"\x89PNG", b"\xff\xd8", b"RIFF", b"GIF8"))
        return "the server sent a broken picture" if known else None
    if query and (image.width(), image.height()) != (
        int(query.get("WIDTH", 0)), int(query.get("HEIGHT", 0)),
    ):  # fmt: skip
        return (
            f"the server sent {image.width()} x {image.height()} pixels for"
            f" {query.get('WIDTH')} x {query.get('HEIGHT')}"
        )
    return None
