"""moto's server, answering for a missing object and to a PUT as Amazon S3 does.

To credentials that may not list the bucket, Amazon S3 answers a GET of a missing object with 403 AccessDenied
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Permissions"); moto answers 404 to everybody.

To a PUT without a checksum, it answers with a CRC64NVME of its own, and it refuses a body whose checksum is another
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html); moto computes none and believes every one.
"""

import base64
import hashlib
import io
import json
import re

from moto import server
from moto.iam.models import iam_backends

ERROR = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>'
DENIED = (ERROR % ("AccessDenied", "Access Denied")).encode()
BAD_DIGEST = (ERROR % ("BadDigest", "The SHA256 you specified did not match the calculated checksum.")).encode()

CHECKSUM_HEADERS = ("HTTP_X_AMZ_CHECKSUM_", "HTTP_X_AMZ_SDK_CHECKSUM_", "HTTP_X_AMZ_TRAILER")

# The polynomial of CRC64NVME, its bits in reverse.
POLYNOMIAL = 0x9A6C9329AC4BC9B5
REST = range(256)
for _ in range(8):
    REST = [(rest >> 1) ^ (POLYNOMIAL if rest & 1 else 0) for rest in REST]


def may_list(authorization):
    """Whether the user that signed a request has a policy that allows more than single operations."""
    found = re.search(r"Credential=([^/]+)/", authorization)
    for account in iam_backends.values():
        for user in account["global"].users.values():
            if found and any(key.access_key_id == found.group(1) for key in user.access_keys):
                documents = [json.loads(document) for document in user.policies.values()]
                return any("*" in statement["Action"] for each in documents for statement in each["Statement"])
    return True


def crc64nvme(body):
    register = 2**64 - 1
    for byte in body:
        register = REST[(register ^ byte) & 255] ^ (register >> 8)
    return base64.b64encode((register ^ (2**64 - 1)).to_bytes(8, "big")).decode()


def body_of_put(environ):
    """The body of a PUT of an object of known length, which stays to be read."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if "x-id=PutObject" not in environ.get("QUERY_STRING", "") or length == 0:
        return None
    body = environ["wsgi.input"].read(length)
    if len(body) < length:
        raise ConnectionError("The client left before the end of the body.")
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def error_headers(document):
    return [("Content-Type", "application/xml"), ("Content-Length", str(len(document)))]


class StorageServer(server.DomainDispatcherApplication):
    def __call__(self, environ, start_response):
        answer = {}
        put = body_of_put(environ)
        checksum = environ.get("HTTP_X_AMZ_CHECKSUM_SHA256")
        if put is not None and checksum and base64.b64encode(hashlib.sha256(put).digest()).decode() != checksum:
            start_response("400 BAD REQUEST", error_headers(BAD_DIGEST))
            return [BAD_DIGEST]

        def hold(status, headers, exc_info=None):
            answer.update(status=status, headers=headers)
            return lambda data: None

        body = super().__call__(environ, hold)
        missing = environ["REQUEST_METHOD"] in ("GET", "HEAD") and answer["status"].startswith("404")
        if missing:
            body = [b"".join(body)]
        if missing and b"NoSuchKey" in body[0] and not may_list(environ.get("HTTP_AUTHORIZATION", "")):
            body = [DENIED]
            answer["status"] = "403 FORBIDDEN"
            answer["headers"] = error_headers(DENIED)
        has_checksum = any(name.startswith(CHECKSUM_HEADERS) for name in environ)
        if put is not None and answer["status"].startswith("200") and not has_checksum:
            answer["headers"].append(("x-amz-checksum-crc64nvme", crc64nvme(put)))
        start_response(answer["status"], answer["headers"])
        return body


server.DomainDispatcherApplication = StorageServer
server.main()
