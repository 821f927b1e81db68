/** A secret, without its text. */
export interface SecretInfo {
  slot: "a" | "b";
  keyId: string;
  /** First instant of the period to which it belongs, ISO 8601 in UTC. */
  starts: string;
  /** When it ends, ISO 8601 in UTC. */
  ends: string;
  /** Whether it is the one that is handed out. */
  current: boolean;
}

/** A trust, by what its tokens say: a subject to the letter, or claims that match an expression. */
export interface TrustInfo {
  /** Its name in Entra, where the program gave it one. */
  name?: string;
  issuer: string;
  subject?: string;
  claimsMatchingExpression?: string;
}

/** A role and the resource ID of the scope on which it was given. */
export interface RoleInfo {
  role: string;
  scope: string;
}

/** Where the variables are delivered. */
export interface KeyVaultInfo {
  /** Resource ID of the vault. */
  vaultId: string;
  /** Names of the secrets in it: the password's first, if there is one. */
  secrets: string[];
}

/** What exists, without secrets, for people and commands. Fields are only ever added under the same `version`. */
export interface PrincipalDetails {
  version: 1;
  /** Identifies exactly this instance, also as the tag `himl-instance:<id>` of the application: names repeat in every clone. */
  instanceId: string;
  applicationObjectId: string;
  servicePrincipalObjectId: string;
  authentication: "secret" | "federated" | "both";
  /** Not with `federated`. The day of the first `up`, from which the periods of the secrets count: `YYYY-MM-DD`, in UTC. */
  secretsSince?: string;
  /** The current one first; none with `federated`. */
  secrets: SecretInfo[];
  trusts: TrustInfo[];
  roles: RoleInfo[];
  /** Not with `federated`. First instant at which an `up` makes a new secret, ISO 8601 in UTC. */
  nextRenewal?: string;
  /** Only with `keyVault`. */
  keyVault?: KeyVaultInfo;
  /** Only where somebody else registered the application: its client ID. */
  existingClientId?: string;
  /** Only where no role is given: what somebody who may assign roles has to run. */
  administratorCommand?: string;
}
