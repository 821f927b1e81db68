package main

import (
	himl "example.com/himl-service-principal/himlserviceprincipal"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		principal, err := himl.NewHimlServicePrincipal(ctx, "himl", &himl.HimlServicePrincipalArgs{
			ResourceGroupName: pulumi.String("rg-ml"),
			WorkspaceName:     pulumi.String("ws-ml"),
		})
		if err != nil {
			return err
		}
		ctx.Export("HIML_SERVICE_PRINCIPAL_ID", principal.ClientId)
		ctx.Export("HIML_SERVICE_PRINCIPAL_PASSWORD", principal.ClientSecret)
		ctx.Export("HIML_TENANT_ID", principal.TenantId)
		ctx.Export("HIML_SUBSCRIPTION_ID", principal.SubscriptionId)
		ctx.Export("HIML_RESOURCE_GROUP", principal.ResourceGroupName)
		ctx.Export("HIML_WORKSPACE_NAME", principal.WorkspaceName)
		ctx.Export("details", principal.Details)
		return nil
	})
}
