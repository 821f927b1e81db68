/** A refusal by a provider stand-in, worded as by the real provider where it has words for it. */
export class ProviderError extends Error {
  override readonly name = "ProviderError";

  constructor(
    readonly code:
      | "AZURE_REFUSED"
      | "AZURE_UNREACHABLE"
      | "LOGIN_REFUSED"
      | "NOT_CONFIGURED"
      | "NOT_SUPPORTED"
      | "ALREADY_EXISTS"
      | "NOT_FOUND"
      | "PLUGIN_NOT_INSTALLED",
    message: string,
    /** The HTTP status, where the service answered. */
    readonly status?: number,
  ) {
    super(message);
  }
}
