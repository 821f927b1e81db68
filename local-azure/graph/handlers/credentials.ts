import type { Call, JsonObject, Reply } from "../../call";
import type { Cloud } from "../../cloud";
import * as store from "../../store/credentials";
import { checkPasswordPolicy } from "../../store/tenant-policy";
import { readBody, readJson, type ValueOf } from "../body";
import type { GraphCaller } from "../caller";
import { refuse } from "../errors";
import type { PASSWORD_CREDENTIAL } from "../metadata";
import { ADD_PASSWORD, FEDERATED_CREDENTIAL, REMOVE_PASSWORD } from "../metadata";
import { plain, replyWithList, replyWithObject } from "../odata";
import { formatInstant, viewFederatedCredential, viewPassword } from "../views";
import { isBeta, replyWithNew } from "./reading";

type GraphCall = Call<GraphCaller>;
type SentPassword = ValueOf<typeof PASSWORD_CREDENTIAL>;
type SentCertificates = readonly store.CertificateRequest[] | null | undefined;

const DEFAULT_YEARS = 2;
const FEDERATED = "FederatedIdentityCredential";
const FEDERATED_CREDENTIALS = plain(FEDERATED, "federatedIdentityCredential", "name", "issuer", "subject");

/** The object whose secrets are meant: an application that has replicated, or a principal. */
function holderOf(cloud: Cloud, call: GraphCall): string {
  const { directory } = cloud.world;
  const isApplication = /\/applications\//i.test(call.path);
  return isApplication
    ? directory.replicatedApplication(call.params.id!, call.now).id
    : directory.principal(call.params.id!).id;
}

export function addPassword(cloud: Cloud, call: GraphCall): Reply {
  const objectId = holderOf(cloud, call);
  const sent = readBody(call, ADD_PASSWORD, "PasswordCredential").passwordCredential ?? {};
  return {
    status: 200,
    body: {
      "@odata.context": `${call.base}/v1.0/$metadata#microsoft.graph.passwordCredential`,
      ...createPassword(cloud, call, objectId, sent),
    },
  };
}

function createPassword(cloud: Cloud, call: GraphCall, objectId: string, sent: SentPassword): JsonObject {
  // Echoed as given: azuread keeps the text, and a changed one would replace the secret.
  const startDateTime = sent.startDateTime ?? formatInstant(call.now);
  const endDateTime = sent.endDateTime ?? formatInstant(addYears(new Date(startDateTime), DEFAULT_YEARS));
  const [start, end] = [new Date(startDateTime), new Date(endDateTime)];
  if (end <= start || end <= call.now) throw refuse("passwordEnd");
  checkPasswordPolicy(cloud.policy, cloud.world.policyId, start, end);
  const request = { displayName: sent.displayName ?? null, startDateTime, endDateTime };
  const added = store.addPassword(cloud.world.store, objectId, request, cloud.ids, call.now);
  return viewPassword(added.password, added.secretText);
}

export function removePassword(cloud: Cloud, call: GraphCall): Reply {
  const objectId = holderOf(cloud, call);
  const { keyId } = readBody(call, REMOVE_PASSWORD, "PasswordCredential", ["keyId"]);
  refuseOnKept(cloud, [keyId!.toLowerCase()]);
  store.removePassword(cloud.world.store, objectId, keyId!, call.now);
  return { status: 204 };
}

/** The secret that the administrator has from the start: nobody could use this world without it. */
function refuseOnKept({ world }: Cloud, keyIds: readonly string[]): void {
  if (keyIds.includes(world.admin.keyId)) throw refuse("forbidden");
}

/** Secrets that come with a new application. */
export function createInlinePasswords(
  cloud: Cloud,
  call: GraphCall,
  objectId: string,
  sent: readonly SentPassword[],
): JsonObject[] {
  return sent.map((one) => createPassword(cloud, call, objectId, one));
}

/** In a change the list can only get shorter: a new secret has an action of its own. */
export function keepInlinePasswords(
  cloud: Cloud,
  call: GraphCall,
  objectId: string,
  sent: readonly SentPassword[] | null | undefined,
): void {
  if (sent === undefined) return;
  const present = store.passwordsOf(cloud.world.store.tables, objectId);
  const kept = (sent ?? []).map(({ keyId }) => keyId?.toLowerCase());
  if (!kept.every((keyId) => present.some((one) => one.keyId === keyId))) throw refuse("passwordByAction");
  const removed = present.map(({ keyId }) => keyId).filter((keyId) => !kept.includes(keyId));
  refuseOnKept(cloud, removed);
  for (const keyId of removed) store.removePassword(cloud.world.store, objectId, keyId, call.now);
}

export function putInlineCertificates(
  cloud: Cloud,
  call: GraphCall,
  objectId: string,
  sent: SentCertificates,
): void {
  if (sent !== undefined)
    store.replaceCertificates(cloud.world.store, objectId, sent ?? [], cloud.ids, call.now);
}

export function listFederatedCredentials(cloud: Cloud, call: GraphCall): Reply {
  const { id } = cloud.world.directory.application(call.params.id!);
  const found = store.federatedCredentialsOf(cloud.world.store.readable(call.now), id);
  const shown = found.map((one) => viewFederatedCredential(one, isBeta(call)));
  return replyWithList(call, entityOf(id), shown, FEDERATED_CREDENTIALS);
}

export function createFederatedCredential(cloud: Cloud, call: GraphCall): Reply {
  const { id } = cloud.world.directory.replicatedApplication(call.params.id!, call.now);
  const sent = readBody(call, FEDERATED_CREDENTIAL, FEDERATED, ["name", "issuer", "audiences"]);
  checkFederated(call, sent);
  const credential = store.addFederatedCredential(
    cloud.world.store,
    id,
    { ...requestOf(sent), name: sent.name!, issuer: sent.issuer!, audiences: sent.audiences! },
    cloud.ids,
    call.now,
  );
  const shown = viewFederatedCredential(credential, isBeta(call));
  return replyWithNew(cloud, call, entityOf(id), shown, "federatedIdentityCredentials");
}

export function getFederatedCredential(cloud: Cloud, call: GraphCall): Reply {
  const { id } = cloud.world.directory.application(call.params.id!);
  const view = cloud.world.store.readable(call.now);
  const credential = store.findFederatedCredential(view, id, call.params.credential!);
  const shown = viewFederatedCredential(credential, isBeta(call));
  return replyWithObject(call, entityOf(id), shown, FEDERATED_CREDENTIALS);
}

export function updateFederatedCredential(cloud: Cloud, call: GraphCall): Reply {
  const credential = ownCredential(cloud, call);
  const sent = readBody(call, FEDERATED_CREDENTIAL, FEDERATED);
  checkFederated(call, sent);
  const { claimsMatchingExpression, description } = requestOf(sent);
  const change = {
    name: sent.name ?? credential.name,
    issuer: sent.issuer ?? credential.issuer,
    audiences: sent.audiences ?? credential.audiences,
    ...(sent.subject === undefined ? {} : { subject: sent.subject }),
    ...(sent.claimsMatchingExpression === undefined ? {} : { claimsMatchingExpression }),
    ...(sent.description === undefined ? {} : { description }),
  };
  store.updateFederatedCredential(cloud.world.store, credential, change, call.now);
  return { status: 204 };
}

export function deleteFederatedCredential(cloud: Cloud, call: GraphCall): Reply {
  cloud.world.store.tables.federatedCredentials.delete(ownCredential(cloud, call).id, call.now);
  return { status: 204 };
}

function ownCredential(cloud: Cloud, call: GraphCall) {
  const { id } = cloud.world.directory.replicatedApplication(call.params.id!, call.now);
  return store.findFederatedCredential(cloud.world.store.tables, id, call.params.credential!);
}

type SentFederated = ValueOf<typeof FEDERATED_CREDENTIAL>;

function requestOf(sent: SentFederated) {
  const { claimsMatchingExpression: expression } = sent;
  return {
    subject: sent.subject ?? null,
    description: sent.description ?? null,
    claimsMatchingExpression:
      expression == null
        ? null
        : { value: expression.value ?? "", languageVersion: expression.languageVersion ?? 0 },
  };
}

/** Signs that a segment of a URL can have (RFC 3986), which Entra asks of names. */
const URI_SEGMENT = /^[\w.~-]{3,120}$/;
const MAX_AUDIENCE_LENGTH = 600;

function checkFederated(call: GraphCall, sent: SentFederated): void {
  const invalid = (property: string) => refuse("propertyInvalid", { property, resource: FEDERATED });
  if (!isBeta(call) && "claimsMatchingExpression" in readJson(call))
    throw refuse("propertyUnknown", { property: "claimsMatchingExpression" });
  const { name, issuer, audiences, subject } = sent;
  if (typeof name === "string" && !URI_SEGMENT.test(name)) throw refuse("federatedNameInvalid", { name });
  if (typeof issuer === "string" && !isHttpsUrl(issuer)) throw refuse("federatedIssuerInvalid", { issuer });
  if (subject === "") throw invalid("subject");
  const isOne = audiences?.length === 1 && audiences[0] !== "" && audiences[0]!.length <= MAX_AUDIENCE_LENGTH;
  if (audiences !== undefined && !isOne) throw invalid("audiences");
}

function isHttpsUrl(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === "https:" && !/\s/.test(text);
}

function entityOf(applicationId: string): string {
  return `applications('${applicationId}')/federatedIdentityCredentials`;
}

function addYears(instant: Date, years: number): Date {
  const later = new Date(instant);
  later.setUTCFullYear(later.getUTCFullYear() + years);
  return later;
}
