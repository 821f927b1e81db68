import assert from "node:assert/strict";
import { InvalidValuesError } from "../../components/plan/problems";
import { parseSettings } from "../../stack/settings";

type Source = Parameters<typeof parseSettings>[0];

/** Reads settings of a stack as the program does. */
export function parse(values: Record<string, string>, more: Partial<Source> = {}) {
  return parseSettings({
    values,
    secretNames: new Set(),
    stack: "dev",
    projectFolder: __dirname,
    ...more,
  });
}

/** The message that refuses the settings; empty if they are accepted. */
export function refusalOf(values: Record<string, string>, more?: Partial<Source>): string {
  try {
    parse(values, more);
    return "";
  } catch (error) {
    assert.ok(error instanceof InvalidValuesError, String((error as Error).stack));
    return error.message;
  }
}
