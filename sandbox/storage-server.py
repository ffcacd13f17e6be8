"""moto's server, answering for a missing object as Amazon S3 does.

To credentials that may not list the bucket, Amazon S3 answers a GET of a missing object with 403 AccessDenied
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Permissions"); moto answers 404 to everybody.
"""

import json
import re

from moto import server
from moto.iam.models import iam_backends

DENIED = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'


def may_list(authorization):
    """Whether the user that signed a request has a policy that allows more than single operations."""
    found = re.search(r"Credential=([^/]+)/", authorization)
    for account in iam_backends.values():
        for user in account["global"].users.values():
            if found and any(key.access_key_id == found.group(1) for key in user.access_keys):
                documents = [json.loads(document) for document in user.policies.values()]
                return any("*" in statement["Action"] for each in documents for statement in each["Statement"])
    return True


class StorageServer(server.DomainDispatcherApplication):
    def __call__(self, environ, start_response):
        answer = {}

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
            answer["headers"] = [("Content-Type", "application/xml"), ("Content-Length", str(len(DENIED)))]
        start_response(answer["status"], answer["headers"])
        return body


server.DomainDispatcherApplication = StorageServer
server.main()
