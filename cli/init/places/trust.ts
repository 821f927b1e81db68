import type { Asker } from "../../terminal/asker";
import type { InitOptions } from "../options";

export const AS_GIVEN = "Issuer and subject are as you gave them.";

/** Issuer and subject of a trust that nobody but the person knows. */
export async function askTrust(
  asker: Asker,
  options: InitOptions,
): Promise<{ issuer: string; subject: string }> {
  const check = (text: string) => text.startsWith("https://") || "It begins with https://";
  const ask = { option: "--issuer URL", message: "Issuer of the job's tokens (`iss`)", check };
  const issuer = options.issuer ?? (await asker.type(ask));
  const subject =
    options.subject ??
    (await asker.type({ option: "--subject TEXT", message: "Their subject identifier (`sub`)" }));
  return { issuer, subject };
}
