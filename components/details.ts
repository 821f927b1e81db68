/** A client secret, without its text. */
export interface SecretInfo {
  slot: "a" | "b";
  keyId: string;
  /** First instant of the period to which it belongs, ISO 8601 in UTC. */
  starts: string;
  /** When it expires, ISO 8601 in UTC. */
  ends: string;
  /** Whether it is the one in `HIML_SERVICE_PRINCIPAL_PASSWORD`. */
  current: boolean;
  /** Recognises the password's text, and tells nothing of it. 12 hexadecimal digits; see `components/plan/fingerprint.ts`. */
  fingerprint?: string;
}

/** A trust, by what its tokens contain: an exact subject, or claims that match an expression. */
export interface TrustInfo {
  /** Its name in Entra, if the program gave it one. */
  name?: string;
  issuer: string;
  subject?: string;
  claimsMatchingExpression?: string;
}

/** A role, and the resource ID of the scope on which it is assigned. */
export interface RoleInfo {
  role: string;
  scope: string;
}

/** The Key Vault to which the variables are written. */
export interface KeyVaultInfo {
  /** Resource ID of the vault. */
  vaultId: string;
  /** Names of the secrets in it. The password's comes first, if there is one. */
  secrets: string[];
}

/** What exists, without secrets, for people and commands. Under the same `version`, fields are only added. */
export interface PrincipalDetails {
  version: 1;
  /** Identifies exactly this instance; also in the tag `himl-instance:<id>` of the application. Names are the same in every clone. */
  instanceId: string;
  /** As Entra shows it. */
  applicationName?: string;
  applicationObjectId: string;
  servicePrincipalObjectId: string;
  authentication: "secret" | "federated" | "both";
  /** Not with `federated`. The day of the first `up`, from which the periods of the secrets count: `YYYY-MM-DD`, in UTC. */
  secretsSince?: string;
  /** The current one first. Empty with `federated`. */
  secrets: SecretInfo[];
  /** Those that were handed out before the ones in `secrets`, newest first, by which a text can be recognised. */
  formerSecrets?: { keyId: string; fingerprint: string }[];
  trusts: TrustInfo[];
  roles: RoleInfo[];
  /** Not with `federated`. First instant at which an `up` creates a new secret, ISO 8601 in UTC. */
  nextRenewal?: string;
  /** Only with `keyVault`. */
  keyVault?: KeyVaultInfo;
  /** Only if somebody else registered the application: its client ID. */
  existingClientId?: string;
  /** Only if no role is assigned: the command for somebody who may assign roles. */
  administratorCommand?: string;
}
