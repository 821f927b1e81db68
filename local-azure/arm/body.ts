import type { z } from "zod";
import { type Call, hasJsonBody, headerOf, parseJsonObject } from "../http";
import * as errors from "./errors";

/** Reads the JSON body and checks its properties. */
export function readBody<Schema extends z.ZodType>(call: Call, schema: Schema): z.output<Schema> {
  if (!hasJsonBody(call)) throw errors.mediaTypeUnsupported(headerOf(call, "content-type") ?? "<null>");
  const body = parseJsonObject(call);
  if (body === undefined) throw errors.bodyInvalid("Unexpected character encountered while parsing value.");
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw errors.bodyInvalid(`Error converting value. Path '${result.error.issues[0]!.path.join(".")}'.`);
}
