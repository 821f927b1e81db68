import { cannotCarry, type Format, renderEach } from "./format";

/**
 * For `docker run --env-file`: the rest of the line is the value, without quotes and escapes
 * (https://docs.docker.com/reference/cli/docker/container/run/#env). `env_file` of docker compose reads `dotenv`.
 */
export const dockerEnvFile: Format = {
  description: "for `docker run --env-file`",
  render: (variables) =>
    renderEach("docker-env-file", variables, (name, value) => {
      if (/[\r\n]/.test(value)) throw cannotCarry("docker-env-file", name, "a line break", "dotenv");
      return `${name}=${value}\n`;
    }),
};
