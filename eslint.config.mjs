import js from "@eslint/js";
import tseslint from "typescript-eslint";

const noBelow = (...folders) => ({
  "no-restricted-imports": ["error", { patterns: folders.map((f) => ({ regex: `(^|/)${f}(/|$)` })) }],
});

export default tseslint.config(
  { ignores: ["node_modules/", "dist/"] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-imports": "error",
      "max-lines": ["error", { max: 400 }],
      "no-console": "error",
    },
  },
  // The program that runs against the real Azure contains nothing of its test double.
  {
    files: ["index.ts", "components/**/*.ts", "stack/**/*.ts"],
    rules: noBelow("rehearsal", "local-azure", "cli", "test"),
  },
  // The local Azure shares no code with the program, so that one mistake cannot hide in both.
  {
    files: ["local-azure/**/*.ts"],
    rules: noBelow("components", "stack", "cli", "rehearsal", "test"),
  },
  { files: ["**/*.mjs"], ...tseslint.configs.disableTypeChecked },
);
