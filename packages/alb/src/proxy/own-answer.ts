import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";

/** Statuses that only load balancers of AWS have; their reason phrases are empty on the wire. */
function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? "";
}

function page(status: number): string {
  const title = `${status} ${reasonOf(status)}`.trim();
  return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
}

/** An answer that the balancer gives by itself: `Server: awselb/2.0` and a small page, as an ALB does. */
export function answerByOurselves(
  response: ServerResponse,
  status: number,
  setCookies: readonly string[] = [],
): void {
  const body = page(status);
  const isClosing = status !== 503;
  response.writeHead(status, reasonOf(status), [
    "Server",
    "awselb/2.0",
    "Content-Type",
    "text/html",
    "Content-Length",
    String(Buffer.byteLength(body)),
    ...(isClosing ? ["Connection", "close"] : []),
    ...setCookies.flatMap((line) => ["Set-Cookie", line]),
  ]);
  response.end(body);
}

/** The same for a connection that has no response object: a request that could not be parsed, an upgrade. */
export function answerOnSocket(socket: Socket, status: number): void {
  if (!socket.writable) return void socket.destroy();
  const body = page(status);
  const head = [
    `HTTP/1.1 ${status} ${reasonOf(status)}`,
    "Server: awselb/2.0",
    `Date: ${new Date().toUTCString()}`,
    "Content-Type: text/html",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
