import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What encrypts a stack's secrets: what `pulumi stack init` needs to know, and the environment of every command. */
export interface Keys {
  readonly secretsProvider: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Decrypts the key that a state has for its secrets. Left out: only Pulumi can. */
  readonly decryptKey?: (encrypted: Buffer) => Buffer;
  close(): void;
}

/** The keys of a stack with a passphrase. */
export function passphraseKeys(passphrase: string): Keys {
  return {
    secretsProvider: "passphrase",
    environment: { PULUMI_CONFIG_PASSPHRASE: passphrase },
    close: () => undefined,
  };
}

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Starts a key server as Pulumi's secrets provider `hashivault` expects one: the two calls of Vault's transit engine.
 * With a passphrase each `pulumi` derives the key anew, in a million rounds: half of its processor time.
 * https://developer.hashicorp.com/vault/api-docs/secret/transit
 */
export async function startKeyServer(): Promise<Keys> {
  const key = randomBytes(32);
  const token = randomBytes(16).toString("hex");
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const answer = request.headers["x-vault-token"] === token && transit(key, request.url!, body);
      response.writeHead(answer ? 200 : 403, { "content-type": "application/json" });
      response.end(JSON.stringify(answer ? { data: answer } : { errors: ["permission denied"] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // The process may end while it listens.
  server.unref();
  return {
    secretsProvider: "hashivault://rehearsal",
    environment: {
      VAULT_SERVER_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      VAULT_SERVER_TOKEN: token,
    },
    decryptKey: (encrypted) => decrypt(key, encrypted.toString()),
    close: () => server.close(),
  };
}

function transit(key: Buffer, url: string, body: string): object | undefined {
  const { plaintext, ciphertext } = JSON.parse(body) as { plaintext?: string; ciphertext?: string };
  if (url.endsWith("/encrypt/rehearsal") && plaintext !== undefined)
    return { ciphertext: `vault:v1:${seal(key, Buffer.from(plaintext, "base64")).toString("base64")}` };
  if (url.endsWith("/decrypt/rehearsal") && ciphertext !== undefined)
    return { plaintext: decrypt(key, ciphertext).toString("base64") };
  return undefined;
}

function decrypt(key: Buffer, ciphertext: string): Buffer {
  return open(key, Buffer.from(ciphertext.replace("vault:v1:", ""), "base64"));
}

function seal(key: Buffer, plaintext: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what AES-GCM sealed: nonce, text and tag, as Go writes them too. */
export function open(key: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}
