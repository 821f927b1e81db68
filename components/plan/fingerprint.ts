import { createHmac } from "node:crypto";

/**
 * A short mark by which a password that the stack handed out can be recognised later, although its text is kept nowhere:
 * `himl-sp verify --expect refused` takes Entra's refusal of it for a proof, and that of any other text for none.
 *
 * It does not weaken the password. Entra makes passwords at random (40 characters, more than 200 bits), so nobody can try
 * them all, however fast the hash is; and 48 bits fit so many texts that even who tried them all would not know which one
 * is meant. The secret's ID is the key of the hash: the same text has another mark in another place.
 */
export function fingerprintOf(password: string, keyId: string): string {
  return createHmac("sha256", keyId.toLowerCase()).update(password).digest("hex").slice(0, 12);
}
