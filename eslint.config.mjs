import js from "@eslint/js";
import tseslint from "typescript-eslint";

/** Refuses imports of these rooms. `.dependency-cruiser.cjs` sees circles and crossings by a detour, too. */
const refuse = (...rooms) => ({
  "no-restricted-imports": ["error", { patterns: [{ regex: `^(\\.{1,2}/)+(${rooms.join("|")})(/|$)` }] }],
});

export default tseslint.config(
  { ignores: ["node_modules/", "dist/"] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { project: "tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-imports": "error",
      "max-lines": ["error", { max: 400 }],
      "no-console": "error",
    },
  },
  // The program that runs against the real Azure contains nothing of its test double.
  {
    files: ["index.ts", "package.ts", "stack/**/*.ts"],
    rules: refuse("cli", "rehearsal", "local-azure", "test"),
  },
  {
    files: ["components/**/*.ts"],
    rules: refuse("index", "package", "stack", "cli", "rehearsal", "local-azure", "test"),
  },
  { files: ["cli/**/*.ts"], rules: refuse("rehearsal", "local-azure", "test") },
  {
    files: ["components/**/*.ts", "stack/**/*.ts"],
    rules: { "max-lines-per-function": ["error", { max: 60 }] },
  },
  // The local Azure shares no code with the program, so that one mistake cannot hide in both.
  {
    files: ["local-azure/**/*.ts"],
    rules: refuse("index", "package", "components", "stack", "cli", "rehearsal", "test", "tools"),
  },
  { files: ["**/*.{mjs,cjs}"], ...tseslint.configs.disableTypeChecked },
  {
    files: ["**/*.cjs"],
    languageOptions: {
      globals: { AbortController: "readonly", module: "writable", process: "readonly", require: "readonly" },
    },
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
);
