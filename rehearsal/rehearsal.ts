import program from "../index";
import type { Chapter } from "./chapters/chapter";
import { type EngineSource, obtainEngine } from "./engine/engine";
import { EngineError } from "./engine/engine-error";
import type { ProviderName } from "./providers/stand-ins";
import { Stage, type Traffic } from "./stage";
import { type StepReport, Story } from "./story";

/** What a rehearsal is told to do, and whom it tells. */
export interface RehearsalOptions {
  readonly chapters: readonly Chapter[];
  readonly engine?: string;
  readonly realProviders: readonly ProviderName[];
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
  readonly onChapter: (chapter: Chapter) => void;
  readonly onStep: (step: StepReport) => void;
}

/** What `--json` prints. */
export interface RehearsalReport {
  readonly ok: boolean;
  readonly engine: { readonly version: string; readonly source: EngineSource };
  readonly steps: readonly StepReport[];
  /** The first up. */
  readonly azure: Traffic;
  /** What is in the directories at the end and was not there at the start. */
  readonly leftovers: number;
}

/** Tells the chapters, each with a local Azure and a stack of its own. */
export async function rehearse(options: RehearsalOptions): Promise<RehearsalReport> {
  const { signal, realProviders } = options;
  const engine = await obtainEngine({
    ...(options.engine !== undefined && { engine: options.engine }),
    onProgress: options.onProgress,
    signal,
  });
  const steps: StepReport[] = [];
  let azure: Traffic | undefined;
  let leftovers = 0;
  for (const chapter of options.chapters) {
    options.onChapter(chapter);
    const story = new Story(options.chapters.length > 1 ? `${chapter.name}: ` : "", options.onStep);
    const stage = await story.step("a local Azure starts on this machine, with an empty stack", async () => {
      const opened = await Stage.open({ engine, story, program, realProviders, signal });
      const { workspaceName, resourceGroup } = opened.azure;
      return [`workspace ${workspaceName} in resource group ${resourceGroup}`, opened];
    });
    try {
      await chapter.run(stage);
    } catch (error) {
      // The step has been reported as failed; the other chapters do not depend on this one.
      if (signal.aborted || (error instanceof EngineError && error.code === "INTERRUPTED")) throw error;
    } finally {
      azure ??= stage.traffic;
      leftovers += stage.leftovers;
      steps.push(...story.steps);
      await stage.close();
    }
  }
  return {
    ok: steps.every((step) => step.ok),
    engine: { version: engine.version, source: engine.source },
    steps,
    azure: azure ?? { requests: 0, writes: 0 },
    leftovers,
  };
}
