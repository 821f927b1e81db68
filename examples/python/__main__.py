import pulumi
from himl_service_principal import HimlServicePrincipal

principal = HimlServicePrincipal("himl", resource_group_name="rg-ml", workspace_name="ws-ml")

pulumi.export("HIML_SERVICE_PRINCIPAL_ID", principal.client_id)
pulumi.export("HIML_SERVICE_PRINCIPAL_PASSWORD", principal.client_secret)
pulumi.export("HIML_TENANT_ID", principal.tenant_id)
pulumi.export("HIML_SUBSCRIPTION_ID", principal.subscription_id)
pulumi.export("HIML_RESOURCE_GROUP", principal.resource_group_name)
pulumi.export("HIML_WORKSPACE_NAME", principal.workspace_name)
pulumi.export("details", principal.details)
