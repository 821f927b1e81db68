import { type Format, renderEach } from "./format";

/** `export` statements, for `eval "$(himl-sp env --format bash)"` in bash, zsh and sh. */
export const bash: Format = {
  description: "export statements for bash, zsh and sh",
  render: (variables) =>
    // Between single quotes nothing is special but the single quote itself.
    renderEach("bash", variables, (name, value) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`),
};
