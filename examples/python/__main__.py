import pulumi
from himl_service_principal import HimlServicePrincipal, StackOutput

principal = HimlServicePrincipal("himl", resource_group_name="rg-ml", workspace_name="ws-ml")

for output in StackOutput:
    pulumi.export(output.value, getattr(principal, output.value.lower()))
