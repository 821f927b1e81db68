import type { Answer, Exchange, Request } from "./gateway";

/**
 * What the exchanges show as created. The state of the stack misses a thing if the answer to its creation was lost.
 * The tokens of the clients are kept, to remove with them what the stack leaves behind.
 */
export class Created {
  private readonly paths = new Map<string, { host: string; path: string }>();
  private readonly tokens = new Map<string, string>();

  take({ request, answer }: Exchange): void {
    const { authorization } = request.headers;
    if (authorization !== undefined) this.tokens.set(request.host, authorization);
    if (answer.status < 200 || answer.status > 299) return;
    if (request.method === "PUT" && /\/roleAssignments\//i.test(request.path))
      this.add(request, request.path);
    if (request.method === "POST" && /^\/(v1\.0|beta)\/applications\/?$/i.test(request.path)) {
      const { id } = JSON.parse(answer.body.toString("utf8")) as { id?: string };
      if (id) this.add(request, `/v1.0/applications/${id}`);
    }
  }

  private add({ host }: Request, path: string): void {
    this.paths.set(`${host}${path}`, { host, path });
  }

  /** Removes what is still there, assignments before applications. Returns the addresses of what it could not remove. */
  async remove(forward: (request: Request) => Promise<Answer>): Promise<string[]> {
    const all = [...this.paths.values()].sort((a, b) => Number(isApplication(a)) - Number(isApplication(b)));
    const left: string[] = [];
    for (const { host, path } of all) {
      const headers = { authorization: this.tokens.get(host) ?? "" };
      const send = (method: string) => forward({ method, host, path, headers, body: Buffer.alloc(0) });
      const found = await send("GET").catch(() => undefined);
      if (found?.status === 404) continue;
      const removed = await send("DELETE").catch(() => undefined);
      if (!removed || removed.status > 299) left.push(`https://${host}${path}`);
    }
    return left;
  }
}

function isApplication({ path }: { path: string }): boolean {
  return path.includes("/applications/");
}
