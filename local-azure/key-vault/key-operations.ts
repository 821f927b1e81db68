import crypto from "node:crypto";
import { refuse } from "./errors";

const { RSA_PKCS1_OAEP_PADDING: OAEP, RSA_PKCS1_PADDING: PKCS1, RSA_NO_PADDING: NONE } = crypto.constants;

/** The paddings of Key Vault, as node's crypto names them. */
const PADDINGS = {
  "RSA-OAEP-256": { padding: OAEP, oaepHash: "sha256" },
  "RSA-OAEP": { padding: OAEP, oaepHash: "sha1" },
  RSA1_5: { padding: PKCS1 },
} as const;

export const ALGORITHMS = ["RSA-OAEP-256", "RSA-OAEP", "RSA1_5"] as const satisfies (keyof typeof PADDINGS)[];
type Algorithm = (typeof ALGORITHMS)[number];

/** What is too long for the key is refused. */
export function encrypt(key: string, algorithm: Algorithm, plain: Buffer): Buffer {
  return attempt(() => crypto.publicEncrypt({ key, ...PADDINGS[algorithm] }, plain));
}

/** What this key did not encrypt is refused. */
export function decrypt(key: string, algorithm: Algorithm, encrypted: Buffer): Buffer {
  return attempt(() =>
    algorithm === "RSA1_5"
      ? withoutPadding(crypto.privateDecrypt({ key, padding: NONE }, encrypted))
      : crypto.privateDecrypt({ key, ...PADDINGS[algorithm] }, encrypted),
  );
}

/** Node decrypts no PKCS #1 v1.5 with a private key (CVE-2023-46809): 00 02, at least eight bytes, 00, the text. */
function withoutPadding(block: Buffer): Buffer {
  const end = block.indexOf(0, 2);
  if (block[0] !== 0 || block[1] !== 2 || end < 10) throw refuse("notDecrypted");
  return block.subarray(end + 1);
}

function attempt(operation: () => Buffer): Buffer {
  try {
    return operation();
  } catch {
    throw refuse("notDecrypted");
  }
}
