import http from "node:http";
import net from "node:net";
import type { Duplex } from "node:stream";
import { PUBLIC_HOSTS } from "./certificates";

const MAX_HEADER_BYTES = 8 * 1024;

/** A running CONNECT proxy. */
interface ConnectProxy {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts a proxy that leads the public hosts of Azure, and the local Azure's own address, to the local Azure, and other
 * hosts to the port that `portOf` has for them. It refuses every other host, so that nothing behind it can leave the machine.
 */
export async function startConnectProxy(
  serverPort: number,
  portOf: (host: string) => number | undefined,
): Promise<ConnectProxy> {
  const allowed = new Set([
    ...PUBLIC_HOSTS.map((host) => `${host}:443`),
    `localhost:${serverPort}`,
    `127.0.0.1:${serverPort}`,
  ]);
  const sockets = new Set<Duplex>();
  const proxy = http.createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (_request, response) => {
    response.writeHead(405, { Allow: "CONNECT", Connection: "close", "Content-Type": "text/plain" });
    response.end("This proxy must be used with CONNECT only. Received a plain HTTP request.\n");
  });
  proxy.on("connection", (socket) => track(sockets, socket));
  proxy.on("connect", (request: http.IncomingMessage, client: Duplex, head: Buffer) => {
    client.on("error", () => client.destroy());
    const target = (request.url ?? "").toLowerCase();
    const own = allowed.has(target) ? serverPort : undefined;
    const port = own ?? (target.endsWith(":443") ? portOf(target.slice(0, -":443".length)) : undefined);
    if (port === undefined) {
      client.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return;
    }
    const upstream = net.connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      if (head.length > 0) upstream.write(head);
      client.pipe(upstream).pipe(client);
    });
    track(sockets, upstream);
    upstream.on("error", () => client.destroy());
    upstream.on("close", () => client.destroy());
    client.on("close", () => upstream.destroy());
  });
  proxy.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    const status =
      error.code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
    if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    else socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    proxy.once("error", reject);
    proxy.listen(0, "127.0.0.1", resolve);
  });
  const { port } = proxy.address() as net.AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        proxy.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function track(sockets: Set<Duplex>, socket: Duplex): void {
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
}
