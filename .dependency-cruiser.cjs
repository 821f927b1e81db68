// What may import what, types included (ESLint's own rules skip type imports and see no circles).
// docs/architecture.md says why the rooms are as they are.

/** Rooms that must not import others, and the rooms that they must not import. */
const CROSSINGS = {
  "index.ts|package.ts|components/|stack/": [
    "cli/",
    "rehearsal/",
    "local-azure/",
    "plugin/",
    "tools/",
    "test/",
  ],
  "components/": ["index.ts", "package.ts", "stack/"],
  "stack/": ["index.ts", "package.ts"],
  "cli/": ["index.ts", "package.ts", "rehearsal/", "local-azure/", "plugin/", "tools/", "test/"],
  "rehearsal/": ["plugin/", "tools/", "test/"],
};

const crossings = Object.entries(CROSSINGS).flatMap(([from, rooms]) =>
  rooms.map((room) => ({
    name: `${from} does not import ${room}`,
    severity: "error",
    from: { path: `^(${from})` },
    to: { path: `^${room}` },
  })),
);

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...crossings,
    {
      name: "no circles",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "the local Azure shares no code with the project",
      comment: "One mistake must not hide in both.",
      severity: "error",
      from: { path: "^local-azure/" },
      to: { pathNot: "^local-azure/", dependencyTypesNot: ["npm", "npm-dev", "core"] },
    },
    {
      name: "what users install needs no development dependency",
      comment: "`npm ci --omit=dev` must leave all that `pulumi up` and `himl-sp` need.",
      severity: "error",
      from: { path: "^(index.ts|package.ts|components/|stack/|cli/|plugin/)" },
      to: { dependencyTypes: ["npm-dev"] },
    },
    {
      name: "one module starts processes",
      comment: "It never takes a program from the current folder. Its `run` and `start` are for all rooms.",
      severity: "error",
      from: {
        path: "^(index.ts|components/|stack/|cli/|local-azure/|rehearsal/)",
        pathNot: "^cli/tools/process.ts$",
      },
      to: { path: "^(node:)?child_process$|node_modules/cross-spawn/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "every import is found",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "package.json names every package that is imported",
      severity: "error",
      from: {},
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    combinedDependencies: false,
    enhancedResolveOptions: {
      conditionNames: ["types", "import", "require", "node", "default"],
      exportsFields: ["exports"],
    },
  },
};
