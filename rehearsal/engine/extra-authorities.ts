import { readFileSync } from "node:fs";
import * as https from "node:https";
import { rootCertificates } from "node:tls";

const extra: string[] = [];

/**
 * Does for this process what `NODE_EXTRA_CA_CERTS` does for one that starts: the default agent of `https` trusts these
 * certificates too. Gives the way back.
 */
export function trustInThisProcess(caFile: string): () => void {
  const certificates = readFileSync(caFile, "utf8");
  extra.push(certificates);
  apply();
  return () => {
    extra.splice(extra.indexOf(certificates), 1);
    apply();
  };
}

function apply(): void {
  const { options } = https.globalAgent;
  if (extra.length > 0) options.ca = [...rootCertificates, ...extra];
  else delete options.ca;
}
