"""With `--azureml` it submits itself to Azure ML. Without, it trains. hi-ml reads login and workspace from the variables."""

import os
from pathlib import Path

from health_azure import get_workspace, submit_to_azure_if_needed


def main() -> None:
    workspace = get_workspace()
    print(f"Workspace {workspace.name} in {workspace.location}")
    submit_to_azure_if_needed(
        compute_cluster_name=os.environ.get("COMPUTE_CLUSTER", ""),
        snapshot_root_directory=Path(__file__).parent,
        docker_base_image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
        conda_environment_file=Path(__file__).parent / "environment.yml",
    )
    # From here on it runs only in Azure ML, or without --azureml.
    print("Training")


if __name__ == "__main__":
    main()
