import * as pulumi from "@pulumi/pulumi";
import { getApplication } from "@pulumi/azuread/getApplication";
import { getServicePrincipal } from "@pulumi/azuread/getServicePrincipal";
import { InvalidValuesError, messageOf, type Problem } from "./problems";
import { toResourceError } from "./validate-args";

/** An application that somebody else registered. */
export interface ExistingApplication {
  objectId: string;
  /** Object ID of its principal; undefined if there is none, or if this stack created it. */
  principalObjectId: string | undefined;
}

/** What came of asking for it; never fails, so that its caller decides where to. */
export interface ExistingApplicationAnswer {
  application: ExistingApplication;
  failure?: pulumi.ResourceError;
}

/**
 * The tag of a principal that a stack created for somebody else's application. Only it tells, at every later run, that
 * the principal is the stack's own and has to go with it. (azuread's `useExisting` does not: it overwrites and deletes
 * what it found.)
 */
export function principalTag(name: string): string {
  return `himl-stack:${pulumi.getProject()}/${pulumi.getStack()}/${name}`;
}

/** Looks the application up by its client ID, and its principal. */
export async function lookUpExistingApplication(
  clientId: string,
  tag: string,
  component: pulumi.Resource,
): Promise<ExistingApplicationAnswer> {
  const parent = component;
  const [application, principal] = await Promise.allSettled([
    getApplication({ clientId }, { parent }),
    getServicePrincipal({ clientId }, { parent }),
  ]);
  const nothing = { objectId: "", principalObjectId: undefined };
  if (application.status === "rejected") {
    return { application: nothing, failure: refuse(clientId, messageOf(application.reason), component) };
  }
  const { objectId } = application.value;
  if (principal.status === "fulfilled") {
    const isOwn = principal.value.tags.includes(tag);
    return { application: { objectId, principalObjectId: isOwn ? undefined : principal.value.objectId } };
  }
  const message = messageOf(principal.reason);
  // internal/services/serviceprincipals/service_principal_data_source.go in terraform-provider-azuread
  if (/no service principals? found/i.test(message)) {
    return { application: { objectId, principalObjectId: undefined } };
  }
  return { application: nothing, failure: refuse(clientId, message, component) };
}

function refuse(clientId: string, message: string, component: pulumi.Resource): pulumi.ResourceError {
  const isMissing = /no applications? found/i.test(message);
  const problem: Problem = {
    code: isMissing ? "ExistingApplicationNotFound" : "ExistingApplicationUnreadable",
    what: "existingApplicationId",
    must: isMissing
      ? "be the application (client) ID of an application in your tenant"
      : `name an application that you may read. Entra said: ${message}`,
    received: clientId,
    remedy: `\`az ad app show --id ${clientId} --query displayName\` shows it; the object ID is another one.`,
  };
  return toResourceError(new InvalidValuesError("Existing application", [problem]), component);
}
