import type { Stage, StageSetting } from "../stage";

/** A part of the story, told on a stage of its own. */
export interface Chapter {
  readonly name: string;
  readonly title: string;
  /** Where it is played, and with which settings. @default those of the rehearsal */
  readonly setting?: StageSetting;
  run(stage: Stage): Promise<void>;
}
