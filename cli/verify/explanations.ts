import { CliError } from "../errors";

/** Why a check failed. */
export class VerificationError extends CliError {
  constructor(
    code: string,
    message: string,
    remedy: string,
    /** Whether it may go away by itself: what was just made is known everywhere only after some minutes. */
    readonly mayBeReplication = false,
    /** Whether it shows that the credential itself is refused, whoever presents it and from wherever. */
    readonly isRevocation = false,
  ) {
    super(code, message, remedy);
    this.name = "VerificationError";
  }
}

interface Explanation {
  sentence: string;
  remedy: string;
  mayBeReplication?: true;
  isRevocation?: true;
}

const PUSH = "push the variables (`himl-sp push`)";
const COMPARE_TRUSTS = "Compare the trusts that `himl-sp status` shows with what the pipeline presents";

/** Of a password that Entra does not have, whether it ever did or not. */
export const WRONG_PASSWORD = "AADSTS7000215";

/**
 * The refusals of Entra that users run into, by their code.
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
const ENTRA: Record<string, Explanation> = {
  "700016": {
    sentence: "The tenant knows no application with the ID in HIML_SERVICE_PRINCIPAL_ID.",
    remedy: `Check HIML_SERVICE_PRINCIPAL_ID and HIML_TENANT_ID. If the stack was destroyed, run \`pulumi up\` and ${PUSH}.`,
    mayBeReplication: true,
    isRevocation: true,
  },
  "7000215": {
    sentence: "The password is wrong, or it belongs to a secret that was removed.",
    remedy: `If it was copied from the portal: copy the secret's value, not its ID. Otherwise ${PUSH}.`,
    mayBeReplication: true,
    isRevocation: true,
  },
  "7000222": {
    sentence: "The password has expired.",
    remedy: `Run \`pulumi up\`, which creates a new one, and ${PUSH}.`,
    isRevocation: true,
  },
  "7000229": {
    sentence: "The application exists, but its service principal in the tenant does not.",
    remedy: "Run `pulumi refresh`, then `pulumi up`, which creates it again.",
    mayBeReplication: true,
    isRevocation: true,
  },
  "7000112": {
    sentence: "The application is disabled in the tenant.",
    remedy: "Somebody disabled it on purpose, perhaps Microsoft: ask the tenant's administrators why.",
    isRevocation: true,
  },
  "90002": {
    sentence: "There is no tenant with the ID in HIML_TENANT_ID.",
    remedy: "`az account show --query tenantId` shows the ID of the tenant that you are logged in to.",
  },
  "70025": {
    sentence: "The application trusts no pipeline: it has no federated credential.",
    remedy: "Set `federatedCredentials` in the stack and run `pulumi up`.",
    mayBeReplication: true,
    isRevocation: true,
  },
  "700211": {
    sentence: "The application does not trust the issuer of the pipeline's token.",
    remedy: `${COMPARE_TRUSTS}: the issuer must match exactly, including a final slash.`,
    mayBeReplication: true,
    isRevocation: true,
  },
  "700212": {
    sentence: "The application does not expect the audience of the pipeline's token.",
    remedy: "The pipeline must ask for a token with the audience api://AzureADTokenExchange.",
    mayBeReplication: true,
  },
  "700213": {
    sentence: "The application trusts the issuer of the pipeline's token, but not its subject.",
    remedy: `${COMPARE_TRUSTS}: another branch, tag, environment or repository is another subject.`,
    mayBeReplication: true,
    isRevocation: true,
  },
  "7002138": {
    sentence: "The subject of the pipeline's token differs from the trusted one in upper and lower case.",
    remedy: `${COMPARE_TRUSTS}, and spell the repository, branch or environment as GitHub does.`,
    mayBeReplication: true,
    isRevocation: true,
  },
  "700024": {
    sentence: "The pipeline's token is not valid now: such tokens live for only some minutes.",
    remedy: "Log in again right before the step that needs it, and check the clock of the machine.",
  },
  "53003": {
    sentence: "Conditional access of the tenant blocks this login.",
    remedy:
      "Run it from a network that the policy allows, or ask the tenant's administrators for an exception.",
  },
};

/** A refusal of Entra, from whatever text contains its code. */
export function explainEntraError(text: string): VerificationError | undefined {
  const code = /AADSTS(\d+)/.exec(text)?.[1];
  if (code === undefined) return undefined;
  const known = ENTRA[code];
  return new VerificationError(
    `AADSTS${code}`,
    known?.sentence ?? "Entra refused the login.",
    known?.remedy ?? `https://login.microsoftonline.com/error?code=${code} explains it.`,
    known?.mayBeReplication,
    known?.isRevocation,
  );
}

const TLS_CODES = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_UNTRUSTED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

/** No answer, or an answer of a proxy. */
export function explainNetworkError(host: string, code: string): VerificationError {
  if (TLS_CODES.has(code)) {
    return new VerificationError(
      "TLS_INTERCEPTED",
      `Node.js does not trust the certificate of ${host} (${code}). A proxy may intercept TLS.`,
      "Set NODE_EXTRA_CA_CERTS to the file with your organisation's CA, in PEM.",
    );
  }
  if (code === "407") {
    return new VerificationError(
      "PROXY_LOGIN_REQUIRED",
      `The proxy on the way to ${host} requires a login.`,
      "HTTPS_PROXY must contain the login: http://USER:PASSWORD@HOST:PORT.",
    );
  }
  return new VerificationError(
    "NETWORK_UNREACHABLE",
    `${host} cannot be reached (${code}).`,
    "Check the network. Where the way leads through a proxy, HTTPS_PROXY must be its address, and NO_PROXY must not name this host; where it does not, HTTPS_PROXY must be empty.",
  );
}

/** A refusal of Azure Resource Manager. */
export function explainArmError(status: number, code: string, subject: string): VerificationError {
  switch (code) {
    case "AuthorizationFailed":
      return new VerificationError(
        code,
        `The service principal has no role that lets it read ${subject}, or there is no such thing.`,
        "`himl-sp status` shows its roles. A role that was just given takes up to 10 minutes.",
        true,
      );
    case "SubscriptionNotFound":
      return new VerificationError(
        code,
        `There is no subscription with the ID in HIML_SUBSCRIPTION_ID, or the service principal has no role in it.`,
        "Check HIML_SUBSCRIPTION_ID; `himl-sp status` shows the roles. A role that was just given takes up to 10 minutes.",
        true,
      );
    case "ResourceGroupNotFound":
      return new VerificationError(
        code,
        "There is no resource group with the name in HIML_RESOURCE_GROUP in the subscription.",
        "Check HIML_RESOURCE_GROUP and HIML_SUBSCRIPTION_ID against the Overview page of the workspace.",
      );
    case "ResourceNotFound":
      return new VerificationError(
        code,
        "There is no workspace with the name in HIML_WORKSPACE_NAME in the resource group.",
        "Check HIML_WORKSPACE_NAME and HIML_RESOURCE_GROUP against the Overview page of the workspace.",
      );
    default:
      return new VerificationError(
        code,
        `Azure Resource Manager refused to show ${subject} (HTTP status ${status}).`,
        "Try again. https://status.azure.com shows outages.",
      );
  }
}
