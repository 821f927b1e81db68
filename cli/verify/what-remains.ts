/**
 * What a revocation does not take away at once, in the words of the README and SECURITY.md.
 *
 * Access tokens live for 60 to 90 minutes. Continuous access evaluation ends them sooner for workload identities at
 * Microsoft Graph only: https://learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation-workload
 */
export const TOKENS_GIVEN_BEFORE =
  "A token that was issued before stays valid at Azure Resource Manager until it expires, 60 to 90 minutes after it was issued. Without a role it can do nothing.";
