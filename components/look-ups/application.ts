import type * as pulumi from "@pulumi/pulumi";
import { getApplication } from "@pulumi/azuread/getApplication";
import { getServicePrincipal } from "@pulumi/azuread/getServicePrincipal";
import { command } from "../plan/commands";
import { LookUpError } from "./ask";
import { instanceOf } from "../plan/ownership";
import { messageOf } from "../plan/problems";

/** An application that somebody else registered. */
export interface ExistingApplication {
  objectId: string;
  /** The instance that registered it, if one did. */
  madeBy: string | undefined;
  /** Its principal, if it has one, and the instance that made it, if one did. */
  principal: { objectId: string; madeBy: string | undefined } | undefined;
}

const SUBJECT = "Existing application";

/**
 * Looks an application up by its client ID, and its principal.
 *
 * @throws LookUpError if there is none, or if it may not be read.
 */
export async function lookUpExistingApplication(
  clientId: string,
  parent: pulumi.Resource,
): Promise<ExistingApplication> {
  const [application, principal] = await Promise.allSettled([
    getApplication({ clientId }, { parent }),
    getServicePrincipal({ clientId }, { parent }),
  ]);
  if (application.status === "rejected") throw refuse(clientId, messageOf(application.reason));
  const { objectId, tags: applicationTags } = application.value;
  const found = { objectId, madeBy: instanceOf(applicationTags) };
  if (principal.status === "fulfilled") {
    const { objectId: id, tags } = principal.value;
    return { ...found, principal: { objectId: id, madeBy: instanceOf(tags) } };
  }
  const message = messageOf(principal.reason);
  // internal/services/serviceprincipals/service_principal_data_source.go in terraform-provider-azuread
  if (/no service principals? found/i.test(message)) return { ...found, principal: undefined };
  throw refuse(clientId, message);
}

function refuse(clientId: string, message: string): LookUpError {
  const isMissing = /no applications? found/i.test(message);
  return new LookUpError("EXISTING_APPLICATION_NOT_FOUND", SUBJECT, {
    what: "existingClientId",
    must: isMissing
      ? "be the application (client) ID of an application in your tenant"
      : `name an application that you may read. Entra said: ${message}`,
    received: clientId,
    remedy: `${command`az ad app show --id ${clientId} --query displayName`} shows it. It is not the object ID.`,
  });
}

/**
 * Whether this instance created the principal, and so deletes it. Only its tag says so in later runs. (azuread's
 * `useExisting` does not: it overwrites and deletes what it found.)
 *
 * @throws LookUpError if another instance created it, or the application: destroying that stack would take it away from
 * this one. One that this instance registered, and has let go of, is anybody's.
 */
export function isOwnPrincipal(
  { principal, madeBy }: ExistingApplication,
  clientId: string,
  instanceId: string | undefined,
): boolean {
  if (madeBy !== undefined && madeBy !== instanceId?.toLowerCase()) {
    throw new LookUpError("EXISTING_APPLICATION_TAKEN", SUBJECT, {
      what: "existingClientId",
      must: "name an application that no other stack registered: destroying that stack would delete it",
      received: clientId,
      remedy: `Instance ${madeBy} registered it. Leave existingClientId out, so that this stack registers its own. If that stack is gone, remove the tag himl-instance:${madeBy} from the application.`,
    });
  }
  if (principal === undefined) return true;
  if (principal.madeBy === undefined) return false;
  if (principal.madeBy === instanceId?.toLowerCase()) return true;
  throw new LookUpError("EXISTING_PRINCIPAL_TAKEN", SUBJECT, {
    what: "existingClientId",
    must: "name an application whose service principal no other stack created: destroying that stack would delete it",
    received: clientId,
    remedy: `It is the principal of instance ${principal.madeBy}. Give each stack its own application; or let somebody create the principal by hand (${command`az ad sp create --id ${clientId}`}) after that stack is destroyed.`,
  });
}
