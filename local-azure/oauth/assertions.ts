import { createPublicKey, createHash, type KeyObject, X509Certificate } from "node:crypto";
import * as jose from "jose";
import type { Cloud } from "../cloud";
import { Refusal } from "../refusal";
import { parseClaimsExpression } from "../store/claims-expression";
import { certificatesOf, federatedCredentialsOf } from "../store/credentials";
import type { ApplicationRecord, CertificateRecord, FederatedCredentialRecord } from "../store/records";
import type { StoreView } from "../store/store";
import { refuse } from "./errors";

const CLOCK_SKEW_SECONDS = 300;

interface Assertion {
  readonly token: string;
  readonly payload: jose.JWTPayload;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly notBefore: Date | undefined;
  readonly expires: Date;
  /** What the header calls the key. */
  readonly named: readonly string[];
}

/**
 * Checks the token that a client presents instead of a secret: one that it signed itself with the key of a
 * certificate, or one of an issuer that the application trusts.
 */
export async function checkAssertion(
  cloud: Cloud,
  application: ApplicationRecord,
  principalId: string,
  token: string,
  now: Date,
): Promise<void> {
  const assertion = decode(token);
  const view = cloud.world.store.visible(now);
  if (assertion.issuer === application.appId) {
    const certificates = [application.id, principalId].flatMap((id) => certificatesOf(view, id));
    return checkOwnSignature(cloud, certificates, assertion, now);
  }
  await checkFederated(cloud, application, view, assertion);
}

function decode(token: string): Assertion {
  try {
    const payload = jose.decodeJwt(token);
    const header = jose.decodeProtectedHeader(token);
    const { iss, sub, exp, nbf } = payload;
    const audience: unknown = payload.aud ?? [];
    const audiences: unknown[] = Array.isArray(audience) ? audience : [audience];
    const isWhole = typeof iss === "string" && typeof sub === "string" && typeof exp === "number";
    if (!isWhole || !audiences.every((one) => typeof one === "string")) throw refuse("assertionMalformed");
    return {
      token,
      payload,
      issuer: iss,
      subject: sub,
      audiences,
      notBefore: typeof nbf === "number" ? toDate(nbf) : undefined,
      expires: toDate(exp),
      named: [header.x5t, header["x5t#S256"], header.kid].filter((name) => typeof name === "string"),
    };
  } catch (error) {
    throw error instanceof Refusal ? error : refuse("assertionMalformed");
  }
}

/** Beyond what a `Date` holds no token is meant. */
function toDate(seconds: number): Date {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw refuse("assertionMalformed");
  return date;
}

/**
 * Issuer, subject and audience must each match one credential exactly; the first that does not decides the error, in
 * the order issuer, subject, audience. Signature and times come after that.
 */
async function checkFederated(
  cloud: Cloud,
  application: ApplicationRecord,
  view: StoreView,
  assertion: Assertion,
): Promise<void> {
  const credentials = federatedCredentialsOf(view, application.id);
  if (credentials.length === 0)
    throw refuse("noFederatedCredentials", {
      appId: application.appId,
      name: String(application.attributes.displayName),
    });
  const { issuer, subject, audiences, payload } = assertion;
  const ofIssuer = credentials.filter((credential) => credential.issuer === issuer);
  if (ofIssuer.length === 0) throw refuse("issuerUnknown", { issuer });
  const ofSubject = ofIssuer.filter((credential) => matchesSubject(credential, payload));
  if (ofSubject.length === 0) {
    const otherCase = ofIssuer.some((one) => one.subject?.toLowerCase() === subject.toLowerCase());
    throw refuse(otherCase ? "subjectInOtherCase" : "subjectUnknown", { subject });
  }
  if (!ofSubject.some((credential) => credential.audiences.some((one) => audiences.includes(one))))
    throw refuse("audienceUnknown", { audience: audiences.join(", ") });
  const jwks = cloud.issuers.get(issuer);
  if (jwks === undefined) throw refuse("issuerUnreachable");
  await verify(assertion, jose.createLocalJWKSet(jwks));
}

function matchesSubject(credential: FederatedCredentialRecord, payload: jose.JWTPayload): boolean {
  const { subject, claimsMatchingExpression: expression, issuer } = credential;
  return expression === null
    ? subject === payload.sub
    : parseClaimsExpression(expression.value, issuer)(payload);
}

/** The certificate is named by the thumbprint in the header. */
async function checkOwnSignature(
  cloud: Cloud,
  certificates: readonly CertificateRecord[],
  assertion: Assertion,
  now: Date,
): Promise<void> {
  const { named, audiences, subject, issuer } = assertion;
  const certificate = certificates.find(({ key }) => {
    const der = Buffer.from(key, "base64");
    const sha1 = createHash("sha1").update(der).digest();
    const sha256 = createHash("sha256").update(der).digest("base64url");
    const names = [sha1.toString("base64url"), sha256, sha1.toString("hex").toUpperCase()];
    return named.some((name) => names.includes(name) || names.includes(name.toUpperCase()));
  });
  const keyId = named[0] ?? "";
  if (certificate === undefined)
    throw refuse("assertionSignatureInvalid", { keyId, reason: "The key was not found." });
  if (now >= new Date(certificate.endDateTime) || now < new Date(certificate.startDateTime))
    throw refuse("assertionSignatureInvalid", { keyId, reason: "The key used is expired." });
  const { tenantId } = cloud.world.directory;
  const isForUs = audiences.some(
    (audience) => audience.includes(`/${tenantId}/`) || /\/oauth2\//.test(audience),
  );
  if (subject !== issuer || !isForUs) throw refuse("assertionAudienceWrong");
  const { publicKey } = new X509Certificate(Buffer.from(certificate.key, "base64"));
  await verify(assertion, createPublicKey(publicKey.export({ type: "spki", format: "pem" })));
}

async function verify(
  assertion: Assertion,
  key: KeyObject | ReturnType<typeof jose.createLocalJWKSet>,
): Promise<void> {
  const options = { clockTolerance: CLOCK_SKEW_SECONDS };
  try {
    if (typeof key === "function") await jose.jwtVerify(assertion.token, key, options);
    else await jose.jwtVerify(assertion.token, key, options);
  } catch (error) {
    const keyId = assertion.named.at(-1) ?? "";
    if (error instanceof jose.errors.JWTExpired || error instanceof jose.errors.JWTClaimValidationFailed)
      throw refuse("assertionOutsideItsTime", {
        now: exactly(new Date()),
        from: assertion.notBefore === undefined ? "(not given)" : exactly(assertion.notBefore),
        until: exactly(assertion.expires),
      });
    if (error instanceof jose.errors.JWKSNoMatchingKey)
      throw refuse("issuerKeyUnknown", { keyId, issuer: assertion.issuer });
    if (error instanceof jose.errors.JOSEError || error instanceof TypeError)
      throw refuse("assertionSignatureInvalid", { keyId, reason: "The key was not found." });
    throw error;
  }
}

/** 7 digits, as .NET writes them. */
function exactly(instant: Date): string {
  return instant.toISOString().replace("Z", "0000Z");
}
