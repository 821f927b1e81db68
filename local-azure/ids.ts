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

  /** 32 hexadecimal digits, as Key Vault names versions. */
  hex(kind: string): string {
    return this.bytes(kind).toString("hex").slice(0, 32);
  }

  /**
   * A client secret in the shape of Entra's: 40 characters, with `8Q~` in the fourth place. Any of the alphabet can be
   * the first, so that one in sixteen begins with a sign that command lines and files trip over.
   */
  secretText(): string {
    const bytes = Buffer.concat([this.bytes("secret"), this.bytes("secret")]);
    // The slight bias of `%` is harmless in a test double.
    const text = Array.from(bytes.subarray(0, 37), (byte) => SECRET_ALPHABET[byte % SECRET_ALPHABET.length]!);
    return [...text.slice(0, 3), "8Q~", ...text.slice(3)].join("");
  }

  /** A number from 0 up to 1. */
  fraction(kind: string): number {
    return this.bytes(kind).readUInt32BE() / 2 ** 32;
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
