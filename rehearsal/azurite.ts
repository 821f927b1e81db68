import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import envPaths from "env-paths";
import { run } from "../cli/tools/process";
import { createCertificates } from "../local-azure/certificates";
import { EngineError } from "./engine/engine-error";

const VERSION = "3.35.0";

/** A running Azurite: Blob Storage on this machine, in memory. */
export interface Azurite {
  readonly url: string;
  /** What its certificate is checked by. */
  readonly caPem: string;
  close(): Promise<void>;
}

/** Starts Azurite with these accounts; npm downloads it once, into the user's cache folder. */
export async function startAzurite(accounts: readonly string[], signal?: AbortSignal): Promise<Azurite> {
  const main = await obtainAzurite(signal);
  const folder = await mkdtemp(path.join(tmpdir(), "himl-azurite-"));
  const { caPem, certificatePem, privateKeyPem } = await createCertificates();
  const [cert, key] = [path.join(folder, "cert.pem"), path.join(folder, "key.pem")];
  await writeFile(cert, certificatePem);
  await writeFile(key, privateKeyPem, { mode: 0o600 });
  const stop = new AbortController();
  let listening: (url: string) => void;
  const url = new Promise<string>((resolve) => (listening = resolve));
  const address = ["--blobHost", "127.0.0.1", "--blobPort", "0", "--cert", cert, "--key", key];
  const options = [
    "--oauth",
    "basic",
    "--inMemoryPersistence",
    "--skipApiVersionCheck",
    "--disableTelemetry",
  ];
  let printed = "";
  const ended = run(process.execPath, [main, ...address, ...options, "--silent"], {
    cwd: folder,
    env: {
      ...process.env,
      AZURITE_ACCOUNTS: accounts.map((name) => `${name}:${randomBytes(64).toString("base64")}`).join(";"),
    },
    graceMs: 0,
    signal: AbortSignal.any([stop.signal, ...(signal ? [signal] : [])]),
    onStdout: (text) => {
      printed += text;
      const found = /listens on (https:\/\/[\d.]+:\d+)/.exec(printed);
      if (found) listening(found[1]!);
    },
  }).catch(() => undefined);
  const close = async () => {
    stop.abort();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const failed = ended.then((result) => {
    throw new EngineError("ENGINE_UNAVAILABLE", `Azurite has not started: ${result?.stderr.trim() ?? ""}`);
  });
  failed.catch(() => undefined);
  try {
    return { url: await Promise.race([url, failed]), caPem, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function obtainAzurite(signal: AbortSignal | undefined): Promise<string> {
  const { cache } = envPaths("himl-service-principal", { suffix: "" });
  const folder = path.join(cache, `azurite-${VERSION}`);
  const main = path.join(folder, "node_modules", "azurite", "dist", "src", "blob", "main.js");
  if (await isThere(main)) return main;
  await mkdir(cache, { recursive: true });
  const temporary = await mkdtemp(`${folder}-`);
  try {
    process.stderr.write(`Downloading Azurite ${VERSION} (once) ...\n`);
    const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"];
    const result = await run("npm", ["install", "--prefix", temporary, ...options, `azurite@${VERSION}`], {
      env: process.env,
      cwd: temporary,
      ...(signal && { signal }),
    });
    if (result.exitCode !== 0)
      throw new EngineError("ENGINE_UNAVAILABLE", `Azurite cannot be installed: ${result.stderr.trim()}`);
    // Another run may have been faster.
    await rename(temporary, folder).catch(async (error: unknown) => {
      if (!(await isThere(main))) throw error;
    });
    return main;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

const isThere = (file: string) => stat(file).then(Boolean, () => false);
