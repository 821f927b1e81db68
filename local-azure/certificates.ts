import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { webcrypto } from "node:crypto";

/** The hosts that clients with built-in addresses ask; the proxy leads these here. */
export const PUBLIC_HOSTS = [
  "login.microsoftonline.com",
  "login.windows.net",
  "graph.microsoft.com",
  "management.azure.com",
  "management.core.windows.net",
] as const;

/** What the hosts of vaults end with, in the public cloud and in this one: a vault's name stands before it. */
export const PUBLIC_VAULT_DOMAIN = "vault.azure.net";
export const LOCAL_VAULT_DOMAIN = "vault.localhost";

/** The hosts of storage accounts, for their blobs: the account's name stands before it. */
export const BLOB_DOMAIN = "blob.core.windows.net";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 86_400_000;

/** A test CA and one leaf signed by it, PEM-encoded. */
export interface Certificates {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/**
 * Makes a CA and a leaf for loopback and all public hosts. The extensions are those that Python 3.11, Go and Node
 * all ask for: critical basicConstraints, keyUsage and SKI in the CA; SAN, EKU serverAuth and AKI in the leaf.
 */
export async function createCertificates(): Promise<Certificates> {
  const caKeys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const leafKeys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const notBefore = new Date(Date.now() - DAY_MS);
  const notAfter = new Date(Date.now() + 30 * DAY_MS);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=Local Azure rehearsal CA (test only)",
    serialNumber: "01",
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    keys: caKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const leaf = await x509.X509CertificateGenerator.create({
    subject: "CN=localhost",
    issuer: ca.subject,
    serialNumber: "02",
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    publicKey: leafKeys.publicKey,
    signingKey: caKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: "dns", value: "localhost" },
        ...PUBLIC_HOSTS.map((value) => ({ type: "dns" as const, value })),
        ...[PUBLIC_VAULT_DOMAIN, LOCAL_VAULT_DOMAIN, BLOB_DOMAIN].map((domain) => ({
          type: "dns" as const,
          value: `*.${domain}`,
        })),
        { type: "ip", value: "127.0.0.1" },
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const privateKey = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", leafKeys.privateKey));
  return {
    caPem: `${ca.toString("pem")}\n`,
    certificatePem: `${leaf.toString("pem")}\n`,
    privateKeyPem: x509.PemConverter.encode(privateKey, "PRIVATE KEY"),
  };
}
