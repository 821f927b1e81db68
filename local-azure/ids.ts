import { createHash, createHmac, randomBytes } from "node:crypto";

const SECRET_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.~-";

/**
 * Makes IDs and secret values. With a seed they are the same in each run. Each kind has its own row of values,
 * so that more requests of one kind do not change the IDs of another.
 */
export class IdSource {
  private readonly counters = new Map<string, number>();
  private readonly seed: string;

  constructor(seed?: string) {
    this.seed = seed ?? randomBytes(16).toString("hex");
  }

  /** A GUID of version 4, as Entra hands them out. */
  guid(kind: string): string {
    const bytes = this.bytes(kind);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const hex = bytes.toString("hex");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
      "-",
    );
  }

  /** A client secret in the shape of Entra's: 40 characters, with `8Q~` in the fourth place. */
  secretText(): string {
    const bytes = Buffer.concat([this.bytes("secret"), this.bytes("secret")]);
    // The slight bias of `%` is harmless in a test double.
    const character = (index: number, alphabet: number) => SECRET_ALPHABET[bytes[index]! % alphabet]!;
    const head = [0, 1, 2].map((index) => character(index, 62)).join("");
    const tail = Array.from({ length: 34 }, (_, index) => character(index + 3, SECRET_ALPHABET.length)).join(
      "",
    );
    return `${head}8Q~${tail}`;
  }

  reset(): void {
    this.counters.clear();
  }

  private bytes(kind: string): Buffer {
    const count = (this.counters.get(kind) ?? 0) + 1;
    this.counters.set(kind, count);
    return createHmac("sha256", this.seed).update(`${kind}#${count}`).digest();
  }
}

/** How secrets are kept: a secret of 40 random characters needs no salt. */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
