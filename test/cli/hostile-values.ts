import fc from "fast-check";
import type { Variables } from "../../cli/variables";
import { VARIABLE_NAMES } from "../../cli/variables";

/** Pieces that some reader takes for something else than text. */
const HOSTILE = [
  ..."'\"`$\\%;:#=!*~ \t\n\r[]{}()<>|&^,@+-",
  ..."‘’‚‛“”é漢🙂\u00a0\u0085\u2028\u2029\u0001\u001f\u007f\ufeff",
  ..."abcXYZ019",
  ...[
    "\r\n",
    "$(id)",
    "$HOME",
    "${HOME}",
    "${x:-y}",
    "$env:PATH",
    "`id`",
    "%PATH%",
    "%0A",
    "%25",
    "%AZP25",
    "%3B",
  ],
  ...[
    "::",
    "::add-mask::x",
    "\n::set-env name=X::y",
    "##vso[task.setvariable variable=X]y",
    "HIML_TENANT_ID=x",
  ],
  ...[
    "<<",
    "EOF",
    "ghadelimiter_",
    "export ",
    " #",
    "\\n",
    "\\'",
    '\\"',
    "''",
    "--",
    "[char]0x41",
    "@'\n",
    "\n'@",
  ],
];

/** The alphabet of Entra's secrets. */
const ENTRA = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789~._-"];

const value = fc.oneof(
  { weight: 2, arbitrary: fc.string({ unit: fc.constantFrom(...ENTRA), minLength: 32, maxLength: 44 }) },
  { weight: 6, arbitrary: fc.string({ unit: fc.constantFrom(...HOSTILE), minLength: 1, maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 12 }) },
);

/** Six variables with values of every kind; none empty, since no stack hands out an empty one. */
export const variables: fc.Arbitrary<Required<Variables>> = fc.record(
  Object.fromEntries(VARIABLE_NAMES.map((name) => [name, value])) as Record<
    keyof Variables,
    fc.Arbitrary<string>
  >,
  { noNullPrototype: true },
);
