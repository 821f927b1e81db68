/** Why there is no engine, or why it did not do what was asked. */
export class EngineError extends Error {
  override readonly name = "EngineError";

  constructor(
    readonly code: "ENGINE_NOT_FOUND" | "ENGINE_TOO_OLD" | "ENGINE_UNAVAILABLE" | "ENGINE_FAILED",
    message: string,
  ) {
    super(message);
  }
}
