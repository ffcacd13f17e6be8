"""Sends requests by AWS's own client, which is told to check nothing.

Reads one JSON object from standard input, {"endpoint": ..., "requests": [{"service", "operation", "input"}]}, and
writes a list of how each was answered, {"status", "message"}, to standard output.
"""

import json
import sys

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import Loader

SERVICES = {"monitoring": "cloudwatch"}
JSON_ONLY = ["json"]


class PlainLoader(Loader):
    """Speaks JSON where a service has it too: the sandbox does not read the binary form."""

    def load_service_model(self, service_name, type_name, api_version=None):
        model = super().load_service_model(service_name, type_name, api_version)
        protocols = model.get("metadata", {}).get("protocols", [])
        if "json" in protocols:
            model["metadata"]["protocols"] = JSON_ONLY
            model["metadata"]["protocol"] = "json"
        return model


def send(client, operation, content):
    model = client.meta.service_model.operation_model(operation)
    method = {model.name: name for name, operation_name in client.meta.method_to_api_mapping.items()
              for model in [client.meta.service_model.operation_model(operation_name)]}[model.name]
    try:
        answer = getattr(client, method)(**content)
        return {"status": answer["ResponseMetadata"]["HTTPStatusCode"], "message": ""}
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return {"status": status, "message": error.response["Error"].get("Message", "")}
    except Exception as error:  # what the client itself could not write or read
        return {"status": 0, "message": f"{type(error).__name__}: {error}"}


def main():
    task = json.load(sys.stdin)
    session = botocore.session.Session()
    session.register_component("data_loader", PlainLoader(extra_search_paths=None))
    session.set_credentials("sandbox", "sandbox")
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    clients = {}
    answers = []
    for request in task["requests"]:
        service = SERVICES.get(request["service"], request["service"])
        if service not in clients:
            clients[service] = session.create_client(
                service, region_name="us-east-1", endpoint_url=task["endpoint"], config=config
            )
        answers.append(send(clients[service], request["operation"], request["input"]))
    json.dump(answers, sys.stdout)


main()
