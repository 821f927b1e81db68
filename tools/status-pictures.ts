import { describeEnd, describeRenewal, LEGEND } from "../cli/status/drawing";
import { layOutLife, type Life, type LifeDetails, type Stretch } from "../cli/status/life";
import { writeGenerated } from "./generated-files";

// Writes the pictures of `himl-sp status` for the docs: the command's own drawing, as SVG.
// With `--check` it writes nothing; the exit code says whether the pictures are up to date.

process.env["TZ"] = "UTC";

const DAY_MS = 24 * 60 * 60 * 1000;
const FIRST_DAY = Date.parse("2026-11-25T00:00:00Z");
const EVERY_DAYS = 90;
const DAYS = [1, 100, 200];

const [WIDTH, LEFT, RIGHT, TOP, ROW, BAR] = [760, 40, 250, 64, 34, 18];
const STYLE = `
  text { font: 14px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
  .paper { fill: #ffffff } .handed-out { fill: #1a7f37 } .valid { fill: #a5d6b4 } .mark { fill: #1f2328 } .today { stroke: #1f2328; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .paper { fill: #0d1117 } .handed-out { fill: #3fb950 } .valid { fill: #1f5c31 } .mark { fill: #e6edf3 } .today { stroke: #e6edf3 }
  }
`;

/** Of a stack with the default settings, so many days after its first `up`, always renewed on time. */
function detailsOn(day: number): LifeDetails {
  const instant = (period: number) => new Date(FIRST_DAY + period * EVERY_DAYS * DAY_MS).toISOString();
  const present = Math.floor(day / EVERY_DAYS);
  const periods = present === 0 ? [0] : [present, present - 1];
  return {
    secrets: periods.map((period) => ({
      slot: period % 2 === 0 ? "a" : "b",
      starts: instant(period),
      ends: instant(period + 2),
      current: period === present,
    })),
    nextRenewal: instant(present + 1),
  };
}

function draw(life: Life, title: string): string {
  const chart = WIDTH - LEFT - RIGHT;
  const x = (instant: Date) => {
    const position = (instant.getTime() - life.from.getTime()) / (life.to.getTime() - life.from.getTime());
    return Math.round(LEFT + position * chart);
  };
  const bottom = TOP + life.secrets.length * ROW;
  const label = (at: number, y: number, text: string) =>
    at > LEFT + chart * 0.6
      ? `<text x="${at - 10}" y="${y}" text-anchor="end">${escape(text)}</text>`
      : `<text x="${at + 10}" y="${y}">${escape(text)}</text>`;
  const rows = life.secrets.flatMap((secret, i) => {
    const y = TOP + i * ROW;
    return [
      `<text x="16" y="${y + 14}">${secret.slot}</text>`,
      ...secret.stretches.map(
        ({ kind, from, to }) =>
          `<rect class="${kind}" x="${x(from)}" y="${y}" width="${x(to) - x(from)}" height="${BAR}"/>`,
      ),
      `<text x="${LEFT + chart + 12}" y="${y + 14}">${escape(describeEnd(secret, life.today))}</text>`,
    ];
  });
  const today = x(life.today);
  const marks = [
    `<line class="today" x1="${today}" y1="${TOP - 8}" x2="${today}" y2="${bottom - ROW + BAR + 4}"/>`,
    `<path class="mark" d="M${today - 6} ${TOP - 18}h12l-6 10z"/>`,
    label(today, TOP - 9, "today"),
  ];
  if (life.renewal !== undefined) {
    const at = x(life.renewal);
    marks.push(
      `<path class="mark" d="M${at - 6} ${bottom + 6}h12l-6 -10z"/>`,
      label(at, bottom + 7, describeRenewal(life.renewal, life.today)),
    );
  }
  const legend = (["handed-out", "valid"] satisfies Stretch["kind"][]).map(
    (kind, i) =>
      `<rect class="${kind}" x="${LEFT + i * 120}" y="${bottom + 26}" width="12" height="12"/><text x="${LEFT + i * 120 + 18}" y="${bottom + 37}">${escape(LEGEND[kind])}</text>`,
  );
  const height = bottom + 56;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}" rx="6"/>`,
    `<text x="16" y="24" font-weight="600">${escape(title)}</text>`,
    ...rows,
    ...marks,
    ...legend,
    "</svg>",
    "",
  ].join("\n");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

for (const day of DAYS) {
  const life = layOutLife(detailsOn(day), new Date(FIRST_DAY + day * DAY_MS))!;
  const picture = draw(life, `The client secrets of a stack on day ${day}`);
  writeGenerated("write:pictures", `docs/pictures/status-day-${day}.svg`, picture);
}
