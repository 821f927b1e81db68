import { createHash, X509Certificate } from "node:crypto";
import { hashSecret, type IdSource } from "../ids";
import { Refusal } from "../refusal";
import { ExpressionError } from "./boolean-expression";
import { parseClaimsExpression } from "./claims-expression";
import type { CertificateRecord, FederatedCredentialRecord, PasswordRecord } from "./records";
import type { Store, StoreView } from "./store";

/** Microsoft Entra allows this many federated credentials on one application, flexible ones among them. */
const MAX_FEDERATED_CREDENTIALS = 20;

/** What a caller may say about a new secret. */
type PasswordRequest = Pick<PasswordRecord, "displayName" | "startDateTime" | "endDateTime">;

/** Adds a secret to an application or a principal and returns its text: this is the only time it is known. */
export function addPassword(
  store: Store,
  objectId: string,
  request: PasswordRequest,
  ids: IdSource,
  now: Date,
): { password: PasswordRecord; secretText: string } {
  const secretText = ids.secretText();
  const password: PasswordRecord = {
    ...request,
    objectId,
    keyId: ids.guid("keyId"),
    hint: secretText.slice(0, 3),
    hash: hashSecret(secretText),
  };
  store.tables.passwords.put(password.keyId, password, now);
  return { password, secretText };
}

export function removePassword(store: Store, objectId: string, keyId: string, now: Date): void {
  const password = store.tables.passwords.get(keyId);
  if (password?.objectId !== objectId) throw new Refusal("keyIdNotFound", { keyId });
  store.tables.passwords.delete(keyId, now);
}

export function passwordsOf(view: StoreView, objectId: string): PasswordRecord[] {
  return view.passwords.all().filter((password) => password.objectId === objectId);
}

/** Whether a secret is one of these objects': expired and wrong are told apart only when the value matches. */
export function checkPassword(
  view: StoreView,
  objectIds: readonly string[],
  secretText: string,
  now: Date,
): "valid" | "expired" | "unknown" {
  const hash = hashSecret(secretText);
  const password = view.passwords
    .all()
    .find((candidate) => candidate.hash === hash && objectIds.includes(candidate.objectId));
  if (password === undefined || now < new Date(password.startDateTime)) return "unknown";
  return now < new Date(password.endDateTime) ? "valid" : "expired";
}

/** A certificate as a client sends it: `key` is left out where one that is there is to be kept. */
export interface CertificateRequest {
  readonly keyId?: string | null | undefined;
  readonly displayName?: string | null | undefined;
  readonly type?: string | null | undefined;
  readonly usage?: string | null | undefined;
  readonly key?: string | null | undefined;
  readonly customKeyIdentifier?: string | null | undefined;
  readonly startDateTime?: string | null | undefined;
  readonly endDateTime?: string | null | undefined;
}

export function certificatesOf(view: StoreView, objectId: string): CertificateRecord[] {
  return view.certificates.all().filter((certificate) => certificate.objectId === objectId);
}

/** Replaces the whole list, as `keyCredentials` in a request does. All are checked before any is stored. */
export function replaceCertificates(
  store: Store,
  objectId: string,
  requests: readonly CertificateRequest[],
  ids: IdSource,
  now: Date,
): void {
  const before = certificatesOf(store.tables, objectId);
  const after = requests.map((request) => {
    const kept = before.find(({ keyId }) => keyId === request.keyId?.toLowerCase());
    if (kept === undefined) return readCertificate(objectId, request, ids);
    if (request.key != null && request.key !== kept.key) throw new Refusal("keyIdTaken");
    return kept;
  });
  for (const one of before) if (!after.includes(one)) store.tables.certificates.delete(one.keyId, now);
  for (const one of after) if (!before.includes(one)) store.tables.certificates.put(one.keyId, one, now);
}

function readCertificate(objectId: string, request: CertificateRequest, ids: IdSource): CertificateRecord {
  const { usage = "Verify", type = "AsymmetricX509Cert", key } = request;
  if (usage !== "Verify" && usage !== "Sign") throw new Refusal("certificateUsage");
  if (key == null) throw new Refusal("certificateInvalid");
  const der = Buffer.from(key, "base64");
  const certificate = parseCertificate(der);
  const end = request.endDateTime ?? toInstant(certificate.validTo);
  if (new Date(end) > new Date(certificate.validTo)) throw new Refusal("certificateEnd");
  return {
    keyId: request.keyId?.toLowerCase() ?? ids.guid("keyId"),
    objectId,
    displayName: request.displayName ?? certificate.subject.replaceAll("\n", ", "),
    type: type ?? "AsymmetricX509Cert",
    usage,
    key: der.toString("base64"),
    customKeyIdentifier:
      request.customKeyIdentifier ?? createHash("sha1").update(der).digest("hex").toUpperCase(),
    startDateTime: request.startDateTime ?? toInstant(certificate.validFrom),
    endDateTime: end,
  };
}

function parseCertificate(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch {
    throw new Refusal("certificateInvalid");
  }
}

function toInstant(text: string): string {
  return `${new Date(text).toISOString().slice(0, 19)}Z`;
}

/** What a caller says about a federated credential. */
type FederatedCredentialRequest = Omit<FederatedCredentialRecord, "id" | "objectId">;

export function federatedCredentialsOf(view: StoreView, objectId: string): FederatedCredentialRecord[] {
  return view.federatedCredentials.all().filter((one) => one.objectId === objectId);
}

export function addFederatedCredential(
  store: Store,
  objectId: string,
  request: FederatedCredentialRequest,
  ids: IdSource,
  now: Date,
): FederatedCredentialRecord {
  const existing = federatedCredentialsOf(store.tables, objectId);
  if (existing.some(({ name }) => name === request.name))
    throw new Refusal("federatedNameTaken", { name: request.name });
  checkMatch(request, existing);
  if (existing.length >= MAX_FEDERATED_CREDENTIALS) throw new Refusal("federatedLimit");
  const credential = { ...request, objectId, id: ids.guid("federatedCredential") };
  store.tables.federatedCredentials.put(credential.id, credential, now);
  return credential;
}

/** Finds by ID or by name: az deletes by name, azuread by ID. */
export function findFederatedCredential(
  view: StoreView,
  objectId: string,
  idOrName: string,
): FederatedCredentialRecord {
  const credential = federatedCredentialsOf(view, objectId).find(
    ({ id, name }) => id === idOrName.toLowerCase() || name === idOrName,
  );
  if (credential === undefined) throw new Refusal("objectNotFound", { id: idOrName });
  return credential;
}

export function updateFederatedCredential(
  store: Store,
  credential: FederatedCredentialRecord,
  change: Partial<FederatedCredentialRequest>,
  now: Date,
): void {
  if (change.name !== undefined && change.name !== credential.name)
    throw new Refusal("federatedNameImmutable");
  const changed = { ...credential, ...change };
  const others = federatedCredentialsOf(store.tables, credential.objectId);
  checkMatch(
    changed,
    others.filter(({ id }) => id !== credential.id),
  );
  store.tables.federatedCredentials.put(credential.id, changed, now);
}

/** Either a subject or an expression, which must be one, and neither may be there already. */
function checkMatch(request: FederatedCredentialRequest, others: readonly FederatedCredentialRecord[]): void {
  const { issuer, subject, claimsMatchingExpression: expression } = request;
  if ((subject === null) === (expression === null)) throw new Refusal("federatedSubjectOrExpression");
  if (expression !== null) {
    if (expression.languageVersion !== 1)
      throw new Refusal("federatedExpression", { expression: expression.value });
    try {
      parseClaimsExpression(expression.value, issuer);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      throw new Refusal("federatedExpression", { expression: expression.value });
    }
  }
  const isTaken = others.some(
    (other) =>
      other.issuer === issuer &&
      other.subject === subject &&
      other.claimsMatchingExpression?.value === expression?.value,
  );
  if (isTaken) throw new Refusal("federatedSubjectTaken", { issuer, subject: subject ?? expression!.value });
}
