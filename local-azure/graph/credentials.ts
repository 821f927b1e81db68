import type { Cloud } from "../cloud";
import type { Call, Reply } from "../http";
import * as store from "../store/credentials";
import { checkPasswordPolicy } from "../store/tenant-policy";
import { RuleViolation } from "../store/violations";
import { type GraphCaller, requireRead, requireWrite } from "./caller";
import { propertyInvalid } from "./errors";
import { readBody } from "./body";
import { federatedCredentialFields, keyIdFields, passwordFields } from "./fields";
import { replyWithList, replyWithObject } from "./odata";
import { formatInstant, viewFederatedCredential, viewPassword } from "./views";

const DEFAULT_YEARS = 2;
const FEDERATED = "FederatedIdentityCredential";

export function addPassword(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  const application = ownApplication(cloud, call, caller);
  const sent = readBody(call, passwordFields, "PasswordCredential").passwordCredential ?? {};
  // Echoed as given: azuread keeps the text, and a changed one would replace the secret.
  const startDateTime = sent.startDateTime ?? formatInstant(call.now);
  const endDateTime = sent.endDateTime ?? formatInstant(addYears(new Date(startDateTime), DEFAULT_YEARS));
  if (new Date(endDateTime) <= new Date(startDateTime))
    throw propertyInvalid("endDateTime", "PasswordCredential");
  checkPasswordPolicy(cloud.policy, cloud.world.policyId, new Date(startDateTime), new Date(endDateTime));
  const request = { displayName: sent.displayName ?? null, startDateTime, endDateTime };
  const { password, secretText } = store.addPassword(application, request, cloud.ids, call.now);
  return {
    status: 200,
    body: {
      "@odata.context": `${call.base}/v1.0/$metadata#microsoft.graph.passwordCredential`,
      ...viewPassword(password, secretText),
    },
  };
}

export function removePassword(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  const application = ownApplication(cloud, call, caller);
  const { keyId } = readBody(call, keyIdFields, "PasswordCredential");
  store.removePassword(application, keyId);
  return { status: 204 };
}

export function listFederatedCredentials(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  requireRead(caller);
  const application = cloud.world.directory.application(call.params.id!);
  const views = application.federatedCredentials.map(viewFederatedCredential);
  return replyWithList(call, `applications('${application.id}')/federatedIdentityCredentials`, views);
}

export function createFederatedCredential(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  const application = ownApplication(cloud, call, caller);
  const sent = readBody(call, federatedCredentialFields, FEDERATED);
  const request = { ...sent, description: sent.description ?? null };
  const credential = store.addFederatedCredential(application, request, cloud.ids, call.now);
  return {
    status: 201,
    body: {
      "@odata.context": `${call.base}/v1.0/$metadata#applications('${application.id}')/federatedIdentityCredentials/$entity`,
      ...viewFederatedCredential(credential),
    },
  };
}

export function getFederatedCredential(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  requireRead(caller);
  const application = cloud.world.directory.application(call.params.id!);
  const credential = store.findFederatedCredential(application, call.params.credential!);
  if (!cloud.replication.isReplicated("federatedCredential", credential.createdAt, call.now))
    throw new RuleViolation("objectNotFound", { id: call.params.credential! });
  const entity = `applications('${application.id}')/federatedIdentityCredentials`;
  return replyWithObject(call, entity, viewFederatedCredential(credential));
}

export function updateFederatedCredential(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  const application = ownApplication(cloud, call, caller);
  const change = readBody(call, federatedCredentialFields.partial(), FEDERATED);
  store.updateFederatedCredential(application, call.params.credential!, change);
  return { status: 204 };
}

export function deleteFederatedCredential(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  store.removeFederatedCredential(ownApplication(cloud, call, caller), call.params.credential!);
  return { status: 204 };
}

function ownApplication(cloud: Cloud, call: Call, caller: GraphCaller) {
  const application = cloud.world.directory.application(call.params.id!);
  requireWrite(caller, application);
  return application;
}

function addYears(instant: Date, years: number): Date {
  const later = new Date(instant);
  later.setUTCFullYear(later.getUTCFullYear() + years);
  return later;
}
