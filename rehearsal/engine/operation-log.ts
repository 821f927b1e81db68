import { readFile } from "node:fs/promises";
import { stripVTControlCharacters } from "node:util";
import type { EngineEvent } from "@pulumi/pulumi/automation";

/** What the engine does, or would do, with one resource. */
export interface ResourceStep {
  /** The engine's word: `same`, `create`, `update`, `replace`, `create-replacement`, `delete-replaced`, `delete`, … */
  readonly operation: string;
  readonly type: string;
  readonly name: string;
  /** Changed properties by their path, with the kind of change. Empty where nothing changes. */
  readonly changes: Readonly<Record<string, string>>;
}

/** What came of an operation. */
export interface OperationResult {
  /** How many resources are, or would be, created, updated, replaced, deleted or left alone. */
  readonly counts: Readonly<Record<string, number>>;
  readonly steps: readonly ResourceStep[];
  /** Warnings of the engine, of providers and of the program. */
  readonly warnings: readonly string[];
}

/** Collects the events of one operation. */
export class OperationLog {
  private counts: Record<string, number> = {};
  private readonly steps: ResourceStep[] = [];
  private readonly problems: { severity: string; message: string }[] = [];

  /** The log that an engine has written, an event a line. A killed one may have left half a line at its end, or none. */
  static async read(file: string): Promise<OperationLog> {
    const log = new OperationLog();
    const text = await readFile(file, "utf8").catch(() => "");
    const lines = text.split("\n").slice(0, -1);
    for (const line of lines) log.take(JSON.parse(line) as EngineEvent);
    return log;
  }

  private take(event: EngineEvent): void {
    const { metadata } = event.resourcePreEvent ?? {};
    if (metadata !== undefined) {
      const changes = Object.entries(metadata.detailedDiff ?? {}).map(
        ([name, diff]) => [name, String(diff.diffKind)] as const,
      );
      this.steps.push({
        operation: metadata.op,
        type: metadata.type,
        name: metadata.urn.split("::").at(-1) ?? "",
        changes: Object.fromEntries(changes),
      });
    }
    if (event.summaryEvent) this.counts = { ...event.summaryEvent.resourceChanges };
    const diagnostic = event.diagnosticEvent;
    if (diagnostic && (diagnostic.severity === "error" || diagnostic.severity === "warning")) {
      this.problems.push({ severity: diagnostic.severity, message: plain(diagnostic.message) });
    }
  }

  result(): OperationResult {
    return { counts: this.counts, steps: this.steps, warnings: this.messages("warning") };
  }

  /** The errors, each once, a paragraph each. */
  errors(): string {
    return this.messages("error").join("\n");
  }

  private messages(severity: string): string[] {
    const messages = this.problems.filter((one) => one.severity === severity).map((one) => one.message);
    // The engine's own last word says nothing that its exit code does not.
    return [...new Set(messages)].filter(
      (message) => !/^(preview|update|refresh|destroy) failed$/.test(message),
    );
  }
}

// The engine marks colours as <{%fg 13%}> and the like.
function plain(text: string): string {
  return stripVTControlCharacters(text.replaceAll(/<\{%[^%]*%\}>/g, "")).trim();
}
