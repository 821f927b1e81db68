import { anotherHand } from "./another-hand";
import type { Chapter } from "./chapter";
import { day } from "./day";
import { leak } from "./leak";
import { passwordless } from "./passwordless";
import { policies } from "./policies";
import { production } from "./production";
import { renewal } from "./renewal";
import { yearWithoutUp } from "./year-without-up";

/** All chapters, in the order of the story. */
export const CHAPTERS: readonly Chapter[] = [
  day,
  renewal,
  leak,
  anotherHand,
  yearWithoutUp,
  passwordless,
  policies,
];

/** Told only where they are asked for: they download something. */
export const MORE_CHAPTERS: readonly Chapter[] = [production];

/** The chapter of that name, with or without its articles: `year-without-up`, `a year without an up`. */
export function findChapter(name: string): Chapter | undefined {
  const words = name.toLowerCase().split(/[\s-]+/);
  const plain = words.filter((word) => !["a", "an", "the"].includes(word)).join("-");
  return [...CHAPTERS, ...MORE_CHAPTERS].find((chapter) => chapter.name === plain);
}
