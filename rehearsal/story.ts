/** One thing that happened, for a reader and for `--json`. */
export interface StepReport {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  /** What came of it; for a failed step, what went wrong. Never a secret. */
  readonly detail: string;
}

/** A step that did not do what it should. */
class StepFailure extends Error {
  override readonly name = "StepFailure";
  readonly code = "STEP_FAILED";
}

/** What a step calls to say what must hold. */
export function expect(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new StepFailure(otherwise);
}

/** Runs steps one after another. The first failure ends the chapter. */
export class Story {
  /** Whether a step has failed. */
  failed = false;

  constructor(
    /** Comes before each step's name, if several chapters are played. */
    private readonly prefix: string,
    private readonly signal: AbortSignal,
    private readonly onStep: (step: StepReport) => void,
  ) {}

  /** Runs one step; `action` answers with what came of it, and with a value for the steps after it. */
  async step<T>(name: string, action: () => Promise<readonly [detail: string, value: T]>): Promise<T> {
    const started = performance.now();
    const report = (ok: boolean, detail: string): void => {
      this.onStep({ name: `${this.prefix}${name}`, ok, ms: Math.round(performance.now() - started), detail });
    };
    try {
      const [detail, value] = await action();
      report(true, detail);
      return value;
    } catch (error) {
      // An interrupted step has not failed, and nobody waits for its report.
      if (!this.signal.aborted) {
        this.failed = true;
        report(false, error instanceof Error ? error.message : String(error));
      }
      throw error;
    }
  }
}
