import type { Stage } from "../stage";

/** A part of the story, told on a stage of its own. */
export interface Chapter {
  readonly name: string;
  readonly title: string;
  run(stage: Stage): Promise<void>;
}
