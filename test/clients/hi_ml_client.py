"""Does with hi-ml what a pipeline does, step by step, and prints a JSON object with what came of each step.

The steps are named on the command line. Nothing is passed to hi-ml: it finds everything in its environment, as in a
pipeline.
"""

import json
import sys
from typing import Any, Callable, Dict

from health_azure import get_workspace
from health_azure.auth import get_authentication
from health_azure.utils import get_ml_client, retrieve_workspace_from_client


def authentication() -> Dict[str, Any]:
    return {"type": type(get_authentication()).__name__}


def workspace() -> Dict[str, Any]:
    found = get_workspace()
    details = found.get_details()
    return {
        "name": found.name,
        "resourceGroup": found.resource_group,
        "subscriptionId": found.subscription_id,
        "location": found.location,
        "id": details["id"],
        "workspaceId": details["workspaceid"],
    }


def ml_client() -> Dict[str, Any]:
    client = get_ml_client()
    return {
        "workspace": client.workspace_name,
        "resourceGroup": client.resource_group_name,
        "subscriptionId": client.subscription_id,
    }


def ml_client_workspace() -> Dict[str, Any]:
    found = retrieve_workspace_from_client(get_ml_client())
    return {
        "name": found.name,
        "resourceGroup": found.resource_group,
        "location": found.location,
        "id": found.id,
        "mlflowTrackingUri": found.mlflow_tracking_uri,
    }


STEPS: Dict[str, Callable[[], Dict[str, Any]]] = {
    step.__name__: step for step in (authentication, workspace, ml_client, ml_client_workspace)
}


def describe(error: BaseException) -> Dict[str, Any]:
    cause = error.__cause__
    return {
        "type": type(error).__name__,
        "message": str(error),
        "cause": None if cause is None else {"type": type(cause).__name__, "message": str(cause)},
    }


def perform(step: Callable[[], Dict[str, Any]]) -> Dict[str, Any]:
    try:
        return {"value": step()}
    except Exception as error:  # whatever a user would see
        return {"error": describe(error)}


if __name__ == "__main__":
    results = {name: perform(STEPS[name]) for name in sys.argv[1:]}
    # hi-ml and its SDKs also print; the last line is ours.
    print(json.dumps(results))
