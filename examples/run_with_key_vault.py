"""Runs a command with hi-ml's variables, read from the Key Vault to which the stack delivers all six:

    python run_with_key_vault.py kv-ml training python train.py --azureml

The first two arguments are the vault and what the names of the secrets begin with (secretPrefix in the setting keyVault).
"""

import os
import subprocess
import sys

from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

VARIABLES = [
    "HIML_SERVICE_PRINCIPAL_ID",
    "HIML_SERVICE_PRINCIPAL_PASSWORD",
    "HIML_TENANT_ID",
    "HIML_SUBSCRIPTION_ID",
    "HIML_RESOURCE_GROUP",
    "HIML_WORKSPACE_NAME",
]


def main(vault: str, prefix: str, *command: str) -> int:
    client = SecretClient(f"https://{vault}.vault.azure.net", DefaultAzureCredential())
    names = {variable: f"{prefix}-{variable.replace('_', '-')}" for variable in VARIABLES}
    variables = {variable: client.get_secret(name).value for variable, name in names.items()}
    return subprocess.run(command, env={**os.environ, **variables}).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
