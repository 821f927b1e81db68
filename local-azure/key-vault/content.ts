import { z } from "zod";
import type { SecretContent } from "../store/vaults";

const seconds = z.int().nonnegative().nullish();

/** What can be said about a secret, in the vault itself and in Resource Manager. */
export const content = {
  contentType: z.string().max(255).nullish(),
  attributes: z.object({ enabled: z.boolean().nullish(), nbf: seconds, exp: seconds }).nullish(),
};
export const tags = z.record(z.string().max(256), z.string().max(256)).nullish();
export const secretValue = z.string().max(25_000);

const whole = z.object({ ...content, tags }).partial();

export function readContent({ contentType, attributes, tags }: z.output<typeof whole>): SecretContent {
  const { enabled, nbf: notBefore, exp: expires } = attributes ?? {};
  return { contentType, enabled, notBefore, expires, tags };
}
