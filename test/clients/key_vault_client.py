"""Works with the secrets of a vault as a program of a user would, and prints a JSON list with what came of each step.

The vault's address and the steps are named on the command line; who logs in stands in the environment.
"""

import json
import os
import socket
import sys
from typing import Any, Callable, Dict, List

from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import KeyVaultSecret, SecretClient

resolve = socket.getaddrinfo


def resolve_localhost(host: Any, *args: Any, **kwargs: Any) -> Any:
    """Names below `localhost` are this machine (RFC 6761), which not every resolver knows."""
    return resolve("localhost" if str(host).endswith(".localhost") else host, *args, **kwargs)


socket.getaddrinfo = resolve_localhost
# Another cloud cannot be looked up among Microsoft's.
credential = DefaultAzureCredential(disable_instance_discovery="AZURE_AUTHORITY_HOST" in os.environ)
client = SecretClient(vault_url=sys.argv[1], credential=credential)


def describe(secret: KeyVaultSecret) -> Dict[str, Any]:
    return {"value": secret.value, "version": secret.properties.version, "tags": secret.properties.tags}


STEPS: Dict[str, Callable[..., Any]] = {
    "set": lambda name, value: describe(client.set_secret(name, value, tags={"of": "me"})),
    "get": lambda name: describe(client.get_secret(name)),
    "get_version": lambda name, version: describe(client.get_secret(name, version)),
    "list": lambda: [secret.name for secret in client.list_properties_of_secrets()],
    "list_versions": lambda name: [one.version for one in client.list_properties_of_secret_versions(name)],
    "disable": lambda name: client.update_secret_properties(name, enabled=False).enabled,
    "delete": lambda name: client.begin_delete_secret(name).result().recovery_id,
    "list_deleted": lambda: [secret.name for secret in client.list_deleted_secrets()],
    "recover": lambda name: client.begin_recover_deleted_secret(name).result().name,
    "purge": lambda name: client.purge_deleted_secret(name),
}


def perform(step: str, *args: str) -> Dict[str, Any]:
    try:
        return {"value": STEPS[step](*args)}
    except HttpResponseError as error:
        code = error.error.code if error.error else None
        inner = error.error.innererror if error.error else None
        return {
            "error": {
                "type": type(error).__name__,
                "status": error.status_code,
                "code": code,
                "inner": (inner or {}).get("code"),
            }
        }


if __name__ == "__main__":
    steps: List[List[str]] = json.loads(sys.argv[2])
    print(json.dumps([perform(*step) for step in steps]))
