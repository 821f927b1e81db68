import * as jose from "jose";
import type { Cloud } from "../cloud";
import type { ApplicationRecord, FederatedCredentialRecord } from "../store/records";
import * as errors from "./errors";

const CLOCK_SKEW_SECONDS = 300;

/**
 * Checks the token of another issuer that a client presents instead of a secret. Issuer, subject and audience must
 * each match one credential exactly; the first that does not decides the error, in the order issuer, subject,
 * audience. Signature and times come after that.
 */
export async function checkAssertion(
  cloud: Cloud,
  application: ApplicationRecord,
  assertion: string,
  now: Date,
): Promise<void> {
  const claims = decode(assertion);
  const credentials = application.federatedCredentials.filter((credential) =>
    cloud.replication.isReplicated("federatedCredential", credential.createdAt, now),
  );
  if (credentials.length === 0)
    throw errors.noFederatedCredentials(String(application.attributes.displayName), application.appId);
  matchCredential(credentials, claims);
  await verify(cloud, assertion, claims);
}

interface AssertionClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly notBefore: Date | undefined;
  readonly expires: Date;
  readonly keyId: string;
}

function decode(assertion: string): AssertionClaims {
  try {
    const payload = jose.decodeJwt(assertion);
    const header = jose.decodeProtectedHeader(assertion);
    const audience = payload.aud ?? [];
    if (typeof payload.iss !== "string" || typeof payload.sub !== "string" || typeof payload.exp !== "number")
      throw errors.assertionMalformed();
    return {
      issuer: payload.iss,
      subject: payload.sub,
      audiences: typeof audience === "string" ? [audience] : audience,
      notBefore: typeof payload.nbf === "number" ? new Date(payload.nbf * 1000) : undefined,
      expires: new Date(payload.exp * 1000),
      keyId: header.kid ?? "",
    };
  } catch (error) {
    if (error instanceof errors.OAuthError) throw error;
    throw errors.assertionMalformed();
  }
}

function matchCredential(credentials: readonly FederatedCredentialRecord[], claims: AssertionClaims): void {
  const ofIssuer = credentials.filter(({ issuer }) => issuer === claims.issuer);
  if (ofIssuer.length === 0) throw errors.unknownAssertionIssuer(claims.issuer);
  const ofSubject = ofIssuer.filter(({ subject }) => subject === claims.subject);
  if (ofSubject.length === 0) {
    const otherCase = ofIssuer.some(({ subject }) => subject.toLowerCase() === claims.subject.toLowerCase());
    throw otherCase
      ? errors.assertionSubjectInOtherCase(claims.subject)
      : errors.unknownAssertionSubject(claims.subject);
  }
  const matches = ofSubject.some(({ audiences }) =>
    audiences.some((audience) => claims.audiences.includes(audience)),
  );
  if (!matches) throw errors.unknownAssertionAudience(claims.audiences.join(", "));
}

async function verify(cloud: Cloud, assertion: string, claims: AssertionClaims): Promise<void> {
  const jwks = cloud.issuers.get(claims.issuer);
  if (jwks === undefined) throw errors.issuerUnreachable();
  try {
    await jose.jwtVerify(assertion, jose.createLocalJWKSet(jwks), { clockTolerance: CLOCK_SKEW_SECONDS });
  } catch (error) {
    if (error instanceof jose.errors.JWTExpired || error instanceof jose.errors.JWTClaimValidationFailed)
      throw errors.assertionOutsideItsTime(new Date(), claims.notBefore, claims.expires);
    if (error instanceof jose.errors.JOSEError) throw errors.assertionSignatureInvalid(claims.keyId);
    throw error;
  }
}
