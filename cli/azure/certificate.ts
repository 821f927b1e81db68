import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import * as forge from "node-forge";
import { CliError } from "../errors";

/** A certificate as the providers take it: a file (PFX or PEM), or PFX in base64. */
interface CertificateSource {
  /** The setting that names it, for messages. */
  readonly setting: string;
  readonly is: "file" | "base64";
  readonly value: string;
  readonly password: string | undefined;
  readonly passwordSetting: string;
}

/**
 * The key and its certificate, then the rest of the chain, in PEM: all that @azure/identity reads.
 *
 * @throws CliError where it cannot be used.
 */
export async function readCertificate(source: CertificateSource): Promise<string> {
  const bytes = source.is === "base64" ? Buffer.from(source.value, "base64") : await readSource(source);
  const { key, certificates } = parse(bytes, source);
  const own = certificates.find((certificate) => certificate.checkPrivateKey(key));
  if (own === undefined) {
    throw unusable(
      source,
      "It has no certificate that belongs to its key.",
      "Export it again, with the key.",
    );
  }
  const chain = [own, ...certificates.filter((certificate) => certificate !== own)];
  return [key.export({ type: "pkcs8", format: "pem" }), ...chain].join("\n");
}

async function readSource(source: CertificateSource): Promise<Buffer> {
  try {
    return await readFile(source.value);
  } catch (error) {
    throw new CliError(
      "CERTIFICATE_NOT_READ",
      `${source.setting} must name a file that can be read. Received ${source.value} (${(error as NodeJS.ErrnoException).code}).`,
      "Set it to the file with the certificate and its key, as PFX or PEM.",
    );
  }
}

interface Parts {
  readonly key: KeyObject;
  readonly certificates: readonly X509Certificate[];
}

function parse(bytes: Buffer, source: CertificateSource): Parts {
  const text = bytes.toString("latin1");
  try {
    return text.includes("-----BEGIN ") ? parsePem(text, source.password) : parsePfx(text, source.password);
  } catch (error) {
    const { message } = error as Error;
    if (/password|passphrase|bad decrypt|MAC could not be verified/i.test(message)) {
      throw unusable(
        source,
        "It cannot be decrypted.",
        `Set ${source.passwordSetting} to the password of the certificate.`,
      );
    }
    throw unusable(
      source,
      `It cannot be read as either: ${message}`,
      "Convert it: `openssl pkcs12 -in <file> -nodes -out <file>.pem`.",
    );
  }
}

function parsePem(text: string, passphrase: string | undefined): Parts {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return {
    key: createPrivateKey({ key: text, ...(passphrase !== undefined && { passphrase }) }),
    certificates: blocks.map((block) => new X509Certificate(block)),
  };
}

/** A library's work: Node's own reading of PFX hands out no key, and refuses what Windows and Key Vault write. */
function parsePfx(der: string, password: string | undefined): Parts {
  const container = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(der), password ?? "");
  const bagsOf = (...types: (string | undefined)[]) =>
    types.flatMap((type) => container.getBags({ bagType: type! })[type!] ?? []);
  const { oids } = forge.pki;
  const [key] = bagsOf(oids["pkcs8ShroudedKeyBag"], oids["keyBag"]);
  if (key === undefined) throw new Error("there is no key in it");
  return {
    // What the library does not know, such as a key on an elliptic curve, it leaves as it is.
    key: createPrivateKey(
      key.key
        ? forge.pki.privateKeyToPem(key.key)
        : { key: toBuffer(key.asn1), format: "der", type: "pkcs8" },
    ),
    certificates: bagsOf(oids["certBag"]).map(
      ({ cert, asn1 }) => new X509Certificate(cert ? forge.pki.certificateToPem(cert) : toBuffer(asn1)),
    ),
  };
}

function toBuffer(asn1: forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), "latin1");
}

function unusable({ setting, is, value }: CertificateSource, problem: string, remedy: string): CliError {
  return new CliError(
    "CERTIFICATE_UNUSABLE",
    `${setting} must be a certificate with its key, as PFX or PEM. Received ${is === "file" ? value : "a text in base64"}. ${problem}`,
    remedy,
  );
}
