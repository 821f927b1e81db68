import { localVaultAudience } from "../audiences";
import type { Call, Reply } from "../call";
import { PUBLIC_VAULT_DOMAIN } from "../certificates";
import type { Cloud } from "../cloud";
import { type Details, type ErrorTable, lookUp, Refusal } from "../refusal";

/** The errors of Key Vault's data plane; the detail is the code of the inner error. */
export const VAULT_ERRORS = {
  tokenMissing: "401 Unauthorized: AKV10000: Request is missing a Bearer or PoP token.",
  tokenInvalid: "401 Unauthorized: [BearerReadAccessTokenFailed] Error validating token: 'S2S10001'.",
  tokenExpired: "401 Unauthorized: [TokenExpired] Error validating token: 'S2S12086'.",
  tokenAudience: "401 Unauthorized: AKV10022: Invalid audience. Expected {expected}, found: {audience}.",
  // hashicorp/terraform-provider-azurerm#27817, piyushsachdeva/Terraform_AKS#2.
  forbiddenByRbac:
    "403 Forbidden ForbiddenByRbac: Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: {caller}\r\nAction: '{action}'\r\nResource: '{resource}'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: 'DeniedWithNoValidRBAC' \r\nVault: {vault};location={location}\r\n",
  forbiddenByPolicy:
    "403 Forbidden ForbiddenByPolicy: The user, group or application '{caller}' does not have {kind} {permission} permission on key vault '{vault};location={location}'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287",
  forbiddenByFirewall:
    "403 Forbidden ForbiddenByFirewall: Client address is not authorized and caller is not a trusted service.\r\nClient address: 127.0.0.1\r\nCaller: {caller}\r\nVault: {vault};location={location}",
  vaultNotFound: "404 VaultNotFound: No key vault answers at the host '{host}'.",
  apiVersionInvalid: "400 BadParameter: The specified version ({version}) is not recognized.",
  nameInvalid: "400 BadParameter: The request URI contains an invalid name: {name}",
  bodyInvalid: "400 BadParameter: Property {property} has invalid value\r\n",
  // Azure/azure-sdk-for-js#25489.
  secretNotFound:
    "404 SecretNotFound: A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182",
  keyNotFound:
    "404 KeyNotFound: A key with (name/id) {name} was not found in this key vault. If you recently deleted this key you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182",
  deletedObjectNotFound: "404 {Kind}NotFound: Deleted {Kind} not found: {name}",
  secretDisabled: "403 Forbidden SecretDisabled: Operation get is not allowed on a disabled secret.",
  keyDisabled: "403 Forbidden KeyDisabled: Operation {operation} is not allowed on a disabled key.",
  keyExpired: "403 Forbidden KeyExpired: Operation {operation} is not allowed on an expired key.",
  keyNotYetValid:
    "403 Forbidden KeyNotYetValid: Operation {operation} is not allowed on a key that is not yet valid.",
  keyOperation: "403 Forbidden KeyOperationForbidden: Operation {operation} is not permitted on this key.",
  notDecrypted: "400 BadParameter: The parameter is incorrect.\r\n",
  // ironmansoftware/powershell-universal#1990.
  objectDeleted:
    "409 Conflict ObjectIsDeletedButRecoverable: {Kind} {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the {kind} can only be recovered or purged.",
  // Azure/azure-sdk-for-cpp, tests of its Key Vault client.
  objectBeingDeleted:
    "409 Conflict ObjectIsBeingDeleted: {Kind} {name} is currently being deleted and cannot be re-created; retry later.",
  // hashicorp/terraform-provider-azurerm#12285.
  objectBeingRecovered:
    "409 Conflict ObjectIsBeingRecovered: {Kind} {name} is currently being recovered and cannot be re-created; retry later.",
  // hashicorp/terraform-provider-azurerm#10454.
  deletionUnfinished: "409 Conflict ObjectIsBeingDeleted: {Kind} is currently being deleted.",
  purgeForbidden:
    '403 Forbidden ForbiddenByPurgeProtection: Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault service will automatically purge it after the retention period has passed.',
  throttled: "429 Throttled: Request was not processed because too many requests were received.",
  unavailable: "503 ServiceUnavailable: The service is unavailable.",
  broken: "500 InternalServerError: An internal error has occurred.",
} as const satisfies ErrorTable;

export function refuse(rule: keyof typeof VAULT_ERRORS, details?: Details): Refusal {
  return new Refusal(rule, details);
}

/** With a 401 comes the challenge: clients ask without a token first to learn where to get one, and for what. */
export function renderVaultError(cloud: Cloud, refusal: Refusal, call: Call): Reply {
  const { status, code, detail: inner, message } = lookUp(VAULT_ERRORS, refusal);
  return {
    status,
    headers: status === 401 ? { "www-authenticate": challenge(cloud, call, refusal) } : {},
    body: { error: { code, message, ...(inner === undefined ? {} : { innererror: { code: inner } }) } },
  };
}

function challenge(cloud: Cloud, call: Call, { rule }: Refusal): string {
  const isPublic = new URL(call.base).hostname.endsWith(`.${PUBLIC_VAULT_DOMAIN}`);
  const login = isPublic ? "https://login.microsoftonline.com" : cloud.url;
  const wanted = isPublic ? `https://${PUBLIC_VAULT_DOMAIN}` : localVaultAudience(cloud.url);
  const refused = rule === "tokenMissing" ? "" : ', error="invalid_token"';
  return `Bearer authorization="${login}/${cloud.world.directory.tenantId}", resource="${wanted}"${refused}`;
}
