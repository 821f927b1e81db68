import { hashSecret, type IdSource } from "../ids";
import type { ApplicationRecord, FederatedCredentialRecord, PasswordRecord } from "./records";
import type { Replication } from "./replication";
import { RuleViolation } from "./violations";

/** Microsoft Entra allows this many federated credentials on one application. */
export const MAX_FEDERATED_CREDENTIALS = 20;

/** What a caller may say about a new secret. */
export interface PasswordRequest {
  readonly displayName: string | null;
  readonly startDateTime: string;
  readonly endDateTime: string;
}

/** Adds a secret and returns its text: this is the only time it is known. */
export function addPassword(
  application: ApplicationRecord,
  request: PasswordRequest,
  ids: IdSource,
  now: Date,
): { password: PasswordRecord; secretText: string } {
  const secretText = ids.secretText();
  const password: PasswordRecord = {
    ...request,
    keyId: ids.guid("keyId"),
    hint: secretText.slice(0, 3),
    hash: hashSecret(secretText),
    createdAt: now,
  };
  application.passwords.push(password);
  return { password, secretText };
}

export function removePassword(application: ApplicationRecord, keyId: string): void {
  const index = application.passwords.findIndex((password) => password.keyId === keyId.toLowerCase());
  if (index < 0) throw new RuleViolation("keyIdNotFound", { keyId });
  application.passwords.splice(index, 1);
}

/** Whether a secret is one of the application's: expired and wrong are told apart only when the value matches. */
export function checkPassword(
  application: ApplicationRecord,
  secretText: string,
  replication: Replication,
  now: Date,
): "valid" | "expired" | "unknown" {
  const hash = hashSecret(secretText);
  const password = application.passwords.find((candidate) => candidate.hash === hash);
  if (password === undefined || !replication.isReplicated("secret", password.createdAt, now))
    return "unknown";
  if (now < new Date(password.startDateTime)) return "unknown";
  return now < new Date(password.endDateTime) ? "valid" : "expired";
}

/** The changeable part of a federated credential. */
export interface FederatedCredentialRequest {
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly description: string | null;
}

export function addFederatedCredential(
  application: ApplicationRecord,
  request: FederatedCredentialRequest,
  ids: IdSource,
  now: Date,
): FederatedCredentialRecord {
  const existing = application.federatedCredentials;
  if (existing.some(({ name }) => name === request.name))
    throw new RuleViolation("federatedNameTaken", { name: request.name });
  refuseTakenSubject(existing, request.issuer, request.subject);
  if (existing.length >= MAX_FEDERATED_CREDENTIALS) throw new RuleViolation("federatedLimit");
  const credential: FederatedCredentialRecord = {
    ...request,
    audiences: [...request.audiences],
    id: ids.guid("federatedCredential"),
    createdAt: now,
  };
  existing.push(credential);
  return credential;
}

/** Finds by ID or by name: az deletes by name, azuread by ID. */
export function findFederatedCredential(
  application: ApplicationRecord,
  idOrName: string,
): FederatedCredentialRecord {
  const credential = application.federatedCredentials.find(
    ({ id, name }) => id === idOrName.toLowerCase() || name === idOrName,
  );
  if (credential === undefined) throw new RuleViolation("objectNotFound", { id: idOrName });
  return credential;
}

export function updateFederatedCredential(
  application: ApplicationRecord,
  idOrName: string,
  change: Partial<FederatedCredentialRequest>,
): void {
  const credential = findFederatedCredential(application, idOrName);
  if (change.name !== undefined && change.name !== credential.name)
    throw new RuleViolation("federatedNameImmutable", { name: credential.name });
  const others = application.federatedCredentials.filter((other) => other !== credential);
  refuseTakenSubject(others, change.issuer ?? credential.issuer, change.subject ?? credential.subject);
  credential.issuer = change.issuer ?? credential.issuer;
  credential.subject = change.subject ?? credential.subject;
  credential.audiences = [...(change.audiences ?? credential.audiences)];
  if (change.description !== undefined) credential.description = change.description;
}

export function removeFederatedCredential(application: ApplicationRecord, idOrName: string): void {
  const credential = findFederatedCredential(application, idOrName);
  application.federatedCredentials = application.federatedCredentials.filter((other) => other !== credential);
}

function refuseTakenSubject(
  credentials: readonly FederatedCredentialRecord[],
  issuer: string,
  subject: string,
): void {
  if (credentials.some((credential) => credential.issuer === issuer && credential.subject === subject))
    throw new RuleViolation("federatedSubjectTaken", { issuer, subject });
}
