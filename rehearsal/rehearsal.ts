import program from "../index";
import type { Chapter } from "./chapters/chapter";
import { type Engine, type EngineSource, obtainEngine } from "./engine/engine";
import { EngineError } from "./engine/engine-error";
import { ProviderError } from "./stand-ins/provider-error";
import { findRealPlugins } from "./stand-ins/real-plugins";
import type { ProviderName } from "./stand-ins/provider-names";
import { Stage, type StageOptions, type Traffic } from "./stage";
import { type StepReport, Story } from "./story";

/** The options of a rehearsal. */
interface RehearsalOptions {
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
  /** Null where none could be obtained; `error` says why. */
  readonly engine: { readonly version: string; readonly source: EngineSource } | null;
  readonly steps: readonly StepReport[];
  /** The first up. */
  readonly azure: Traffic;
  /** What is in the directories at the end and was not there at the start. */
  readonly leftovers: number;
  /** What kept the story from being told. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** Tells the chapters, each with a local Azure and a stack of its own. Rejects only when it is interrupted. */
export async function rehearse(options: RehearsalOptions): Promise<RehearsalReport> {
  const { signal, realProviders } = options;
  const steps: StepReport[] = [];
  let engine: Engine | undefined;
  let azure: Traffic | undefined;
  let leftovers = 0;
  let error: RehearsalReport["error"];
  try {
    await findRealPlugins(realProviders, process.env);
    engine = await obtainEngine({
      ...(options.engine !== undefined && { engine: options.engine }),
      onProgress: options.onProgress,
      signal,
    });
    for (const chapter of options.chapters) {
      options.onChapter(chapter);
      const prefix = options.chapters.length > 1 ? `${chapter.name}: ` : "";
      const story = new Story(prefix, signal, (step) => {
        steps.push(step);
        options.onStep(step);
      });
      const told = await tell(chapter, {
        engine,
        story,
        program,
        realProviders,
        signal,
        ...(chapter.setting && { setting: chapter.setting }),
      });
      azure ??= told.traffic;
      leftovers += told.leftovers;
    }
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof EngineError || thrown instanceof ProviderError)) throw thrown;
    error = { code: thrown.code, message: thrown.message };
  }
  return {
    ok: error === undefined && steps.every((step) => step.ok),
    engine: engine === undefined ? null : { version: engine.version, source: engine.source },
    steps,
    azure: azure ?? { requests: 0, writes: 0 },
    leftovers,
    ...(error && { error }),
  };
}

// A failed step ends its chapter. It has been reported, and the other chapters do not depend on this one.
async function tell(
  chapter: Chapter,
  options: StageOptions,
): Promise<{ traffic: Traffic; leftovers: number }> {
  let stage: Stage | undefined;
  try {
    stage = await options.story.step(
      "a local Azure starts on this machine, with an empty stack",
      async () => {
        const opened = await Stage.open(options);
        const { workspaceName, resourceGroup } = opened.azure;
        return [`workspace ${workspaceName} in resource group ${resourceGroup}`, opened];
      },
    );
    await chapter.run(stage);
  } catch (error) {
    if (options.signal.aborted || !options.story.failed) throw error;
  } finally {
    await stage?.close();
  }
  return { traffic: stage?.traffic ?? { requests: 0, writes: 0 }, leftovers: stage?.leftovers ?? 0 };
}
